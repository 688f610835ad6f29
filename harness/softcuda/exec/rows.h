#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/softcuda/exec/program.h"

namespace softcuda::exec {

enum class RowKind : std::uint8_t { reg, constant, special, sink, scratch };

struct RowInfo {
  RowKind kind = RowKind::reg;
  int bits = 32;                    ///< per lane: 1, 16, 32 or 64
  std::uint64_t value = 0;          ///< of a constant
  Special special = Special::zero;  ///< of a special
};

/// The rows that a kernel names, before they have places in the register file. A row is known by its number.
class Rows {
 public:
  /// The condition code register, among the virtual ones.
  static constexpr int kCarry = -1;
  /// The upper 64 bits of a .b128 register; its number alone is the lower ones.
  static constexpr int upper_half(int virtual_register) { return -2 - virtual_register; }
  int reg(int virtual_register, int bits);
  int constant(std::uint64_t value, int bits);
  int special(Special, int bits);
  int sink(int bits);
  /// A row of its own for each call.
  int scratch(int bits);

  [[nodiscard]] const RowInfo& operator[](int row) const { return info_[static_cast<std::size_t>(row)]; }
  [[nodiscard]] int count() const { return static_cast<int>(info_.size()); }

 private:
  int add(RowInfo);
  std::vector<RowInfo> info_;
  std::map<int, int> registers_;
  std::map<std::pair<int, std::uint64_t>, int> constants_;
  std::map<std::pair<int, int>, int> specials_;
  std::map<int, int> sinks_;
};

/// "%tid.x" -> Special::tid_x; nothing for a name that is not supported.
[[nodiscard]] std::optional<Special> special_named(std::string_view);

}  // namespace softcuda::exec
