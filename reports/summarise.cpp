#include "reports/summarise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

namespace flashdiff {
namespace {

constexpr std::size_t listed_passes = 50;

template <class Item>
void keep_first(std::vector<Item>& items, std::size_t count) {
  if (items.size() > count) items.erase(items.begin() + static_cast<std::ptrdiff_t>(count), items.end());
}

std::vector<KindCount> failures_by_kind(const std::vector<CaseRecord>& cases) {
  std::map<std::string, std::int64_t> counts;
  for (const CaseRecord& record : cases)
    if (is_failure(record.verdict)) ++counts[name_of(record.verdict)];
  std::vector<KindCount> kinds;
  kinds.reserve(counts.size());
  for (const auto& [kind, count] : counts) kinds.push_back({kind, count});
  std::ranges::stable_sort(kinds, std::ranges::greater{}, &KindCount::count);
  return kinds;
}

std::vector<Reason> reasons_of(const std::vector<CaseRecord>& cases) {
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> counts;
  for (const CaseRecord& record : cases) {
    if (const auto* no = std::get_if<verdict::Unsupported>(&record.verdict))
      ++counts[{name_of(record.verdict), record.backend, no->why}];
    if (const auto* no = std::get_if<verdict::NotExecuted>(&record.verdict))
      ++counts[{name_of(record.verdict), record.backend, no->why}];
  }
  std::vector<Reason> reasons;
  for (const auto& [key, count] : counts) {
    const auto& [kind, backend, why] = key;
    reasons.push_back({kind, backend, why, count});
  }
  std::ranges::stable_sort(reasons, std::ranges::greater{}, &Reason::count);
  return reasons;
}

std::vector<CaseUse> closest_passes(const std::vector<CaseRecord>& cases) {
  std::vector<CaseUse> passes;
  for (std::size_t i = 0; i < cases.size(); ++i)
    if (const auto use = use_of(cases[i].verdict); use && !is_failure(cases[i].verdict))
      passes.push_back({i, use->worst()});
  std::ranges::stable_sort(passes, uses_more, &CaseUse::use);
  keep_first(passes, listed_passes);
  return passes;
}

std::vector<std::size_t> weakest_passes(const std::vector<CaseRecord>& cases) {
  std::vector<std::size_t> weak;
  for (std::size_t i = 0; i < cases.size(); ++i)
    if (std::holds_alternative<verdict::PassWeak>(cases[i].verdict)) weak.push_back(i);
  std::ranges::stable_sort(
      weak, uses_more, [&](std::size_t i) { return std::get<verdict::PassWeak>(cases[i].verdict).effect; });
  keep_first(weak, listed_passes);
  return weak;
}

}  // namespace

Report summarise(Told told, ReportOptions options) {
  Report report;
  report.options = std::move(options);
  report.runs = std::move(told.runs);
  for (CaseRecord& record : told.records)
    (record.shrunk_from ? report.shrunk : report.cases).push_back(std::move(record));
  for (const CaseRecord& record : report.cases) report.total.add(record.verdict);
  report.failures_by_kind = failures_by_kind(report.cases);
  report.reasons = reasons_of(report.cases);
  report.backends = detail::backends_of(report);
  report.matrices = detail::matrices_of(report);
  report.captures = detail::captures_of(report);
  report.findings = detail::findings_of(report);
  report.closest = closest_passes(report.cases);
  report.weak = weakest_passes(report.cases);
  report.classes = detail::classes_of(report);
  report.hunted = std::move(told.hunted);
  report.sound = std::move(told.sound);
  report.score = power::score_of(report.hunted, report.sound);
  std::ranges::stable_sort(report.hunted, {}, [](const power::Hunted& one) {
    return std::pair(one.as_expected(), one.unlike.empty());
  });
  detail::conclude(report, told.finished);
  return report;
}

}  // namespace flashdiff
