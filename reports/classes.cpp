#include <algorithm>
#include <map>

#include "reports/summarise.h"

namespace flashdiff::detail {
namespace {

constexpr std::size_t shared_shown = 3;
constexpr double luck = 0.1;
constexpr double told_share = 0.9;  ///< a class of nearly all cases says nothing about the failures

/// Chance that all of `failed` cases lie among `within` of `all` cases when they lie anywhere
/// (hypergeometric): a class that nearly every case is in shares failures by luck.
double chance_of_sharing(std::int64_t failed, std::int64_t within, std::int64_t all) {
  double chance = 1;
  for (std::int64_t i = 0; i < failed && chance > 0; ++i)
    chance *= static_cast<double>(within - i) / static_cast<double>(all - i);
  return chance;
}

/// "layout:left" is class "left" of axis "layout"; a label without a colon stands on an axis of its own.
std::pair<std::string, std::string> axis_and_class(const std::string& label) {
  const std::size_t colon = label.find(':');
  if (colon == std::string::npos) return {"other", label};
  return {label.substr(0, colon), label.substr(colon + 1)};
}

}  // namespace

std::vector<ClassAxis> classes_of(const Report& report) {
  std::map<std::string, std::map<std::string, Tally>> counted;
  for (const CaseRecord& record : report.cases)
    for (const std::string& label : record.labels) {
      const auto [axis, name] = axis_and_class(label);
      counted[axis][name].add(record.verdict);
    }
  std::vector<ClassAxis> axes;
  for (const auto& [axis, classes] : counted) {
    ClassAxis& told = axes.emplace_back(ClassAxis{axis, {}});
    for (const auto& [name, tally] : classes) told.classes.push_back({name, tally});
    std::ranges::stable_sort(told.classes, std::ranges::greater{},
                             [](const ClassCount& c) { return c.tally.cases(); });
  }
  return axes;
}

std::vector<SharedClass> shared_by_failures(const Report& report, const std::string& backend) {
  Tally all;
  std::map<std::string, Tally> within;
  for (const CaseRecord& record : report.cases) {
    if (record.backend != backend) continue;
    all.add(record.verdict);
    for (const std::string& label : record.labels) within[label].add(record.verdict);
  }
  std::vector<SharedClass> shared;
  if (all.failed < 2) return shared;  // one failure shares everything with itself
  for (const auto& [label, tally] : within)
    if (tally.failed == all.failed &&
        static_cast<double>(tally.judged()) <= told_share * static_cast<double>(all.judged()) &&
        chance_of_sharing(all.failed, tally.judged(), all.judged()) < luck)
      shared.push_back({label, tally, all - tally});
  std::ranges::stable_sort(shared, std::ranges::less{},
                           [](const SharedClass& s) { return s.within.judged(); });
  if (shared.size() > shared_shown) shared.resize(shared_shown);
  return shared;
}

}  // namespace flashdiff::detail
