#include "harness/softcuda/exec/host_access.h"

#include <fmt/core.h>

#include "harness/softcuda/exec/report.h"

namespace softcuda::exec {
namespace {

using check::FaultKind;

constexpr std::uint64_t kNullPage = 64 * 1024;  // as for a kernel's accesses

check::Report with_neighbours(check::Report report, const check::Allocations& allocations,
                              std::uint64_t address, std::uint64_t bytes) {
  report.text = report.what + "\n" + neighbourhood(allocations, address, bytes);
  return report;
}

}  // namespace

check::Report report_of(const check::Allocations& allocations, const HostAccess& access) {
  check::Report report;
  report.kind = access.address < kNullPage             ? FaultKind::null_pointer
                : allocations.freed_at(access.address) ? FaultKind::use_after_free
                                                       : FaultKind::out_of_bounds;
  report.what = fmt::format("{}: {} {} {} bytes at {:#x}", check::name_of(report.kind), access.call,
                            access.write ? "writes" : "reads", access.bytes, access.address);
  return with_neighbours(std::move(report), allocations, access.address, access.bytes);
}

check::Report report_of_free(const check::Allocations& allocations, const std::string& call,
                             std::uint64_t address, const std::string& why) {
  check::Report report;
  const auto freed = allocations.freed_at(address);
  const bool again = why.empty() && freed && freed->base == address;
  report.kind = again ? FaultKind::double_free : FaultKind::invalid_free;
  report.what = fmt::format("{}: {} of {:#x}{}", check::name_of(report.kind), call, address,
                            why.empty() ? "" : ", " + why);
  return with_neighbours(std::move(report), allocations, address, 1);
}

}  // namespace softcuda::exec
