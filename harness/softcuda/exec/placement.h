#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "harness/softcuda/exec/flatten.h"
#include "harness/softcuda/ptx/module.h"

namespace softcuda::exec {

/// Addresses of a module's .global and .const variables, by name.
using GlobalAddresses = std::unordered_map<std::string, std::uint64_t>;

/// Where a symbol lives: an address in its own state space.
struct Place {
  ptx::Space space = ptx::Space::generic;
  std::uint64_t address = 0;
};

/// The runtime's own part of a block's shared memory (PTX ISA 10.27, %reserved_smem_offset), of a kernel that
/// asks for it: in front of the kernel's, as sm_80 has it, and zero when a block starts, as the barriers that
/// cooperative_groups keeps there have to be. Where in it is left open; begin, end, size, two offsets.
inline constexpr std::uint32_t kReservedShared = 1024;
[[nodiscard]] std::optional<std::uint32_t> reserved_offset(std::string_view special_register);

/// A kernel's memory: static shared variables first, dynamic shared memory behind them; parameters in order,
/// each aligned; local variables, and the .param variables of calls, in a frame a lane.
class Placement {
 public:
  Placement(const ptx::Module&, const GlobalAddresses&, Flat&);

  /// Nothing when the operand names no variable that has an address.
  [[nodiscard]] std::optional<Place> find(const Flat&, int frame, const ptx::Operand&) const;

  std::uint32_t reserved_shared_bytes = 0;  ///< kReservedShared, or 0
  std::uint32_t shared_bytes = 0;           ///< static, the reserved ones included
  std::uint32_t local_bytes = 0;            ///< per lane, a multiple of 16
  std::uint32_t parameter_bytes = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> parameters;  ///< offset, bytes

 private:
  [[nodiscard]] std::optional<Place> parameter(const Flat&, int frame, int index, bool returned) const;

  const ptx::Module& module_;
  const GlobalAddresses& globals_;
  std::map<std::string, std::uint64_t> module_shared_;
};

}  // namespace softcuda::exec
