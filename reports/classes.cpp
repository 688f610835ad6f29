#include <algorithm>
#include <map>

#include "reports/counts.h"

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

void LabelCounts::add(const Passing& passing) {
  std::vector<Tally>& counts = counts_[passing.record().backend];
  for (const std::string& label : passing.labels) {
    const auto [at, is_new] = known_.try_emplace(label, labels_.size());
    if (is_new) {
      labels_.push_back(label);
      behind_.emplace_back();
    }
    if (counts.size() < labels_.size()) counts.resize(labels_.size());
    counts[at->second].add(passing.record().verdict);
    behind_[at->second].add(passing.kept);
  }
}

std::vector<ClassAxis> LabelCounts::classes() const {
  std::map<std::string, std::map<std::string, ClassCount>> counted;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const auto [axis, name] = axis_and_class(labels_[i]);
    ClassCount& count = counted[axis][name];
    count.name = name;
    count.behind = behind_[i].indices();
    for (const auto& [backend, counts] : counts_)
      if (i < counts.size()) count.tally += counts[i];
  }
  std::vector<ClassAxis> axes;
  for (auto& [axis, classes] : counted) {
    ClassAxis& told = axes.emplace_back(ClassAxis{axis, {}});
    for (auto& [name, count] : classes) told.classes.push_back(std::move(count));
    std::ranges::stable_sort(told.classes, std::ranges::greater{},
                             [](const ClassCount& c) { return c.tally.cases(); });
  }
  return axes;
}

std::vector<SharedClass> LabelCounts::shared_by_failures(const BackendSummary& backend) const {
  const Tally& all = backend.tally;
  std::vector<SharedClass> shared;
  const auto counted = counts_.find(backend.name);
  if (all.failed < 2 || counted == counts_.end()) return shared;  // one failure shares everything with itself
  for (std::size_t i = 0; i < counted->second.size(); ++i)
    if (const Tally& tally = counted->second[i];
        tally.failed == all.failed &&
        static_cast<double>(tally.judged()) <= told_share * static_cast<double>(all.judged()) &&
        chance_of_sharing(all.failed, tally.judged(), all.judged()) < luck)
      shared.push_back({labels_[i], tally, all - tally});
  std::ranges::sort(shared, std::ranges::less{},
                    [](const SharedClass& s) { return std::pair(s.within.judged(), s.label); });
  if (shared.size() > shared_shown) shared.resize(shared_shown);
  return shared;
}

}  // namespace flashdiff::detail
