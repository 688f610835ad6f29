#pragma once
#include <string>
#include <vector>

#include "harness/softcuda/check/fault.h"
#include "harness/softcuda/exec/launch.h"
#include "harness/softcuda/exec/warp_runner.h"

/// Faults in words.
namespace softcuda::exec {

/// The fault that a warp's handler raised.
[[nodiscard]] check::Fault describe(const Launch&, const Extent3& block, const WarpThread&);
/// A block that cannot go on, or may not: where each of its warps stands.
[[nodiscard]] check::Fault describe_stuck(const Launch&, const Extent3& block, const std::vector<WarpThread>&,
                                          check::FaultKind);

/// The innermost CUDA source line of an instruction that is not in one of the toolkit's headers; nothing
/// where the module does not say.
void set_line(const ptx::Module&, const ptx::Instruction*, std::string& file, int& line);
/// "file.cu:12", with what it was inlined into: "file.cu:12 (inlined at other.cu:40)"; empty when unknown.
[[nodiscard]] std::string source_of(const ptx::Module&, const ptx::Instruction&);
/// What an access of global memory is near to: the allocation that was there, and the nearest that is.
[[nodiscard]] std::string neighbourhood(const check::Allocations&, std::uint64_t address,
                                        std::uint64_t bytes);
/// "ld.global.f32 %f1, [%rd4+8]"
[[nodiscard]] std::string text_of(const Origin&);

}  // namespace softcuda::exec
