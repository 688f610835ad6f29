#pragma once
#include <cstdint>
#include <string>

#include "harness/softcuda/check/allocations.h"
#include "harness/softcuda/check/report.h"

/// Mistakes of the host's own calls, in the words that a kernel's have: what compute-sanitizer's memcheck
/// says of an API call besides its error code.
namespace softcuda::exec {

/// What a call was about to do to `bytes` bytes of device memory. No live allocation holds all of them.
struct HostAccess {
  std::string call;  ///< "cuMemcpyHtoD"
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  bool write = false;
};
[[nodiscard]] check::Report report_of(const check::Allocations&, const HostAccess&);

/// A free of an address that no live allocation starts at; `why` says so where one does (the wrong call).
[[nodiscard]] check::Report report_of_free(const check::Allocations&, const std::string& call,
                                           std::uint64_t address, const std::string& why = {});

}  // namespace softcuda::exec
