#pragma once
#include <map>
#include <string>

#include "harness/backend/backend.h"
#include "harness/problem/case.h"
#include "harness/problem/logical.h"
#include "kernels/kernel.h"

/// The in-repo kernels on the software driver, as their tests ask for them.
namespace flashdiff::test {

/// "b=1 hq=..." without "fd1". Throws std::runtime_error for what is no case.
[[nodiscard]] Case read_case(const std::string& line);

/// Throws std::runtime_error where there is none of that name.
[[nodiscard]] const kernels::Kernel& kernel_named(const std::string& name);

using Settings = std::map<std::string, std::string>;
/// The kernel with default settings but for these. The software driver is one for the whole process: what was
/// asked for before is taken back.
[[nodiscard]] Backend& kernel(const std::string& name, const Settings& settings = {});

/// The oracle's word on one forward case is a pass, or a weak one.
void expect_pass(const std::string& kernel_name, const std::string& line, const Settings& settings = {});

/// Every detector, and blocks in any order, but for the turns of warps: "random", "far-ahead", ...
[[nodiscard]] Settings every_detector(const std::string& warp_order);

/// Each element within its budget; where that is infinite, nothing can be said. `line` is what to repeat.
void expect_within(const LogicalTensor<double>& expected, const LogicalTensor<double>& budget,
                   const LogicalTensor<float>& got, const char* name, const std::string& line);

/// Warp instructions of one run.
[[nodiscard]] double warp_instructions(const std::string& kernel_name, const std::string& line);

/// Entries of the kernel for sm_80 and for sm_90, of which none spills or has a stack: registers decide tile
/// shapes, and a spill would mean that they were chosen wrongly.
void expect_no_spills(const std::string& kernel_name, std::size_t entries);

}  // namespace flashdiff::test
