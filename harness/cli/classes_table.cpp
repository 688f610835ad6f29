#include "harness/cli/classes_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "properties/classify.h"
#include "properties/pairs.h"
#include "reports/numbers.h"

namespace flashdiff::cli {
namespace {

/// "phase x data: 51 of 55; none: mixed huge, cross apart".
struct PairOfAxes {
  std::string name;
  std::size_t reached = 0;
  std::vector<std::string> missing;
};

std::string pairs_table(const Counts& pairs) {
  std::vector<PairOfAxes> all;
  std::size_t reached = 0;
  for (const std::string& pair : all_pairs()) {
    const auto first = pair.find(':'), blank = pair.find(' '), second = pair.find(':', blank);
    const std::string name = pair.substr(0, first) + " x " + pair.substr(blank + 1, second - blank - 1);
    if (all.empty() || all.back().name != name) all.push_back({name, 0, {}});
    if (pairs.contains(pair)) {
      ++all.back().reached;
      ++reached;
    } else {
      all.back().missing.push_back(pair.substr(first + 1, blank - first) + pair.substr(second + 1));
    }
  }
  std::string text =
      fmt::format("pairs of {}: {} of {}\n", fmt::join(paired_axes(), ", "), reached, all_pairs().size());
  for (const PairOfAxes& one : all)
    text += fmt::format("  {}: {} of {}{}{}\n", one.name, one.reached, one.reached + one.missing.size(),
                        one.missing.empty() ? "" : "; none: ", fmt::join(one.missing, ", "));
  return text;
}

}  // namespace

std::string classes_table(const Counts& labels, const Counts& pairs, std::int64_t cases) {
  std::string text;
  for (const Axis& axis : axes()) {
    text += axis.name + '\n';
    for (const std::string& value : axis.values) {
      const auto found = labels.find(axis.name + ':' + value);
      const std::int64_t count = found == labels.end() ? 0 : found->second;
      text += fmt::format("  {:>8}  {:>8}  {}\n", count, percent(count, cases), value);
    }
  }
  return text + pairs_table(pairs);
}

}  // namespace flashdiff::cli
