#include "harness/oracle/votes.h"

#include <algorithm>

#include <fmt/format.h>

namespace flashdiff::detail {

std::string most_said(const std::vector<Words>& of_rows) {
  Words in_order;  // of first mention
  std::vector<int> votes;
  for (const Words& row : of_rows)
    for (const std::string& words : row) {
      const auto known = std::find(in_order.begin(), in_order.end(), words);
      votes.resize(in_order.size() + 1, 0);
      ++votes[static_cast<std::size_t>(known - in_order.begin())];
      if (known == in_order.end()) in_order.push_back(words);
    }
  if (in_order.empty()) return "";
  votes.resize(in_order.size());
  const auto best = static_cast<std::size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
  const auto asked = of_rows.size();
  if (asked == 1) return fmt::format("as if {}", in_order[best]);
  if (votes[best] == static_cast<int>(asked))
    return fmt::format("as if {} (all {} rows that were looked at)", in_order[best], asked);
  return fmt::format("as if {} ({} of {} rows that were looked at)", in_order[best], votes[best], asked);
}

}  // namespace flashdiff::detail
