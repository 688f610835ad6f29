#pragma once
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "harness/softcuda/exec/placement.h"
#include "harness/softcuda/exec/program.h"

namespace softcuda::exec {

struct DecodedKernel {
  std::shared_ptr<const Program> program;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> parameters;  ///< offset, bytes
  std::uint32_t registers = 0;                                      ///< 32-bit registers of a thread
};

/// A kernel as ops. Errors: `line: what`, all that were found. `copies_left`: see flatten.
[[nodiscard]] tl::expected<DecodedKernel, std::vector<std::string>> decode_kernel(
    std::shared_ptr<const ptx::Module>, const ptx::Function& kernel, const GlobalAddresses&,
    int& copies_left);

}  // namespace softcuda::exec
