#include "harness/softcuda/exec/ledger.h"

#include <algorithm>

#include "harness/softcuda/exec/summary.h"

namespace softcuda::exec {
namespace {

constexpr std::size_t kMostRecent = 16;  // a forward and a backward pass, with their helpers

}  // namespace

void Ledger::sum_up(const Recent& recent, ByName& into) {
  count::KernelCounters summary = summary_of(*recent.program, recent.tally);
  summary.launches = recent.launches;
  const auto [at, made] = into.try_emplace(summary.kernel, summary);
  if (!made) at->second += summary;
}

void Ledger::add(const std::shared_ptr<const Program>& program, const count::Tally& tally) {
  totals_ += totals_of(*program, tally);
  const auto found = std::ranges::find(recent_, program, &Recent::program);
  if (found != recent_.end()) {
    found->tally += tally;
    ++found->launches;
    std::rotate(found, found + 1, recent_.end());
    return;
  }
  if (recent_.size() == kMostRecent) {
    sum_up(recent_.front(), summed_);
    recent_.erase(recent_.begin());
  }
  recent_.push_back({program, 1, tally});
}

std::vector<count::KernelCounters> Ledger::kernels() const {
  ByName all = summed_;
  for (const Recent& recent : recent_) sum_up(recent, all);
  std::vector<count::KernelCounters> kernels;
  kernels.reserve(all.size());
  for (auto& [name, kernel] : all) kernels.push_back(std::move(kernel));
  return kernels;
}

}  // namespace softcuda::exec
