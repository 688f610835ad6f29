#include "reports/counts.h"

#include <limits>
#include <variant>

#include "reports/text.h"

namespace flashdiff::detail {
namespace {

constexpr std::size_t most_behind = 12;  ///< cases told behind a number
constexpr std::size_t most_held =
    5'000;                             ///< failures of a backend and kind; JUnit names as many of a backend
constexpr std::size_t most_maps = 12;  ///< cards of a report: no others of a backend and kind can be one

/// Wrong, weak, right, not judged.
std::size_t rank_of(const Verdict& verdict) {
  if (is_failure(verdict)) return 0;
  if (std::holds_alternative<verdict::PassWeak>(verdict)) return 1;
  return std::holds_alternative<verdict::Pass>(verdict) ? 2 : 3;
}

void drop_map(CaseRecord& record) {
  if (auto* mismatch = std::get_if<verdict::Mismatch>(&record.verdict))
    std::vector<float>().swap(mismatch->map.use);
}

}  // namespace

void Behind::add(const Kept& kept) {
  std::vector<Kept>& first = first_[rank_of(kept->record.verdict)];
  if (first.size() < most_behind) first.push_back(kept);
}

std::vector<std::size_t> Behind::indices() const {
  std::vector<std::size_t> indices;
  for (const std::vector<Kept>& first : first_)
    for (const Kept& kept : first)
      if (indices.size() < most_behind) indices.push_back(kept->index);
  return indices;
}

FailureCounts::OfKind::OfKind() : smallest(most_maps) {}

bool FailureCounts::add(const Passing& passing) {
  CaseRecord& record = passing.kept->record;
  if (!is_failure(record.verdict)) return true;
  OfKind& kind = kinds_[{record.backend, name_of(record.verdict)}];
  const bool shrunk = shrunk_.contains(record.id);
  const bool held = shrunk || kind.held < most_held;
  if (auto* fault = std::get_if<verdict::Fault>(&record.verdict))
    fault->report = shortened(std::move(fault->report), most_report_bytes);
  if (held) {
    kind.all.push_back(passing.kept);
    if (!shrunk) ++kind.held;
  } else {
    ++unheld_;
  }
  if (!shrunk && held)
    if (const Kept leaving = kind.smallest.add(size_of(passing.parsed), passing.kept))
      drop_map(leaving->record);
  return held;
}

double size_of(const Outcome<Case>& parsed) {
  if (!parsed) return std::numeric_limits<double>::infinity();
  return parsed->problem.forward_flops() + parsed->problem.batch();
}

}  // namespace flashdiff::detail
