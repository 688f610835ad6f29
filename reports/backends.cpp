#include <algorithm>
#include <cmath>
#include <map>

#include "reports/summarise.h"

namespace flashdiff {

void UseHistogram::add(double use) {
  // A bin holds its upper end, so that a use of exactly 1, which is within the budget, lies left of the line.
  const double bin = std::ceil((std::log10(use) - first_decade) * bins_per_decade) - 1;
  if (bin < 0)
    ++below;
  else if (bin < bin_count)
    ++bins[static_cast<std::size_t>(bin)];
  else  // NaN too
    ++above;
}

std::int64_t UseHistogram::total() const {
  std::int64_t sum = below + above;
  for (const std::int64_t bin : bins) sum += bin;
  return sum;
}

namespace detail {
namespace {

void keep_worst(std::vector<TensorWorst>& worst, TensorRole tensor, CaseUse found) {
  const auto known = std::ranges::find(worst, tensor, &TensorWorst::tensor);
  if (known == worst.end())
    worst.push_back({tensor, found});
  else if (uses_more(found.use, known->at.use))
    known->at = found;
}

}  // namespace

std::vector<BackendSummary> backends_of(const Report& report) {
  std::vector<BackendSummary> backends;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < report.cases.size(); ++i) {
    const CaseRecord& record = report.cases[i];
    const auto [at, is_new] = known.try_emplace(record.backend, backends.size());
    if (is_new) backends.emplace_back().name = record.backend;
    BackendSummary& b = backends[at->second];
    if (b.device.empty()) b.device = record.device;
    b.tally.add(record.verdict);
    b.device_ms += record.device_ms;
    b.reference_ms += record.reference_ms;
    if (const auto use = use_of(record.verdict)) {
      b.histogram.add(use->worst());
      for (const TensorUse& one : use->outputs) keep_worst(b.worst, one.tensor, {i, one.use});
    }
  }
  for (BackendSummary& b : backends) b.shared = shared_by_failures(report, b.name);
  std::ranges::stable_sort(backends, worse, &BackendSummary::tally);
  return backends;
}

}  // namespace detail
}  // namespace flashdiff
