#pragma once
#include "harness/driver/driver.h"
#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"

/// What lies where, for a driver that wants to know: softcuda then reports a kernel's access to padding, gaps
/// and guard bands (--soft check=extents), and names elements in all its reports. Other drivers are told
/// nothing, and answer success.
namespace flashdiff {

/// The logical rows of a tensor, sequence by sequence; `body` is its device address behind the guard band.
/// Errors (harness): a row outside of the allocation.
[[nodiscard]] Outcome<void> tell_extents(const driver::Driver& driver, const LaidOutTensor& tensor,
                                         CUdeviceptr body);

/// Bytes without further structure: a plan's metadata, its workspace.
[[nodiscard]] Outcome<void> tell_extents(const driver::Driver& driver, const char* name, CUdeviceptr at,
                                         std::size_t bytes);

}  // namespace flashdiff
