#include <algorithm>
#include <cmath>

#include "reports/counts.h"

namespace flashdiff {

int UseHistogram::slot_of(double use) {
  // A bin holds its upper end, so that a use of exactly 1, which is within the budget, lies left of the line.
  const double bin = std::ceil((std::log10(use) - first_decade) * bins_per_decade) - 1;
  if (bin < 0) return 0;
  return bin < bin_count ? static_cast<int>(bin) + 1 : slot_count - 1;  // NaN is above
}

void UseHistogram::add(double use) {
  const int slot = slot_of(use);
  if (slot == 0)
    ++below;
  else if (slot == slot_count - 1)
    ++above;
  else
    ++bins[static_cast<std::size_t>(slot - 1)];
}

std::int64_t UseHistogram::total() const {
  std::int64_t sum = below + above;
  for (const std::int64_t bin : bins) sum += bin;
  return sum;
}

namespace detail {

void BackendCounts::add(const Passing& passing) {
  const CaseRecord& record = passing.record();
  const auto [at, is_new] = known_.try_emplace(record.backend, all_.size());
  if (is_new) all_.emplace_back().summary.name = record.backend;
  auto& [summary, worst, behind, behind_uses] = all_[at->second];
  behind.add(passing.kept);
  if (summary.device.empty()) summary.device = record.device;
  summary.tally.add(record.verdict);
  summary.device_ms += record.device_ms;
  summary.reference_ms += record.reference_ms;
  const auto use = use_of(record.verdict);
  if (!use) return;
  summary.histogram.add(use->worst());
  behind_uses[static_cast<std::size_t>(UseHistogram::slot_of(use->worst()))].add(passing.kept);
  for (const TensorUse& one : use->outputs) {
    const auto known = std::ranges::find(worst, one.tensor, &Worst::tensor);
    if (known == worst.end())
      worst.push_back({one.tensor, passing.kept, one.use});
    else if (uses_more(one.use, known->use))
      *known = {one.tensor, passing.kept, one.use};
  }
}

std::vector<BackendSummary> BackendCounts::backends() const {
  std::vector<BackendSummary> backends;
  for (const auto& [summary, worst, behind, behind_uses] : all_) {
    BackendSummary& told = backends.emplace_back(summary);
    told.behind = behind.indices();
    for (std::size_t slot = 0; slot < behind_uses.size(); ++slot)
      told.behind_uses[slot] = behind_uses[slot].indices();
    for (const Worst& one : worst) told.worst.push_back({one.tensor, {one.at->index, one.use}});
  }
  std::ranges::stable_sort(backends, worse, &BackendSummary::tally);
  return backends;
}

}  // namespace detail
}  // namespace flashdiff
