#pragma once
#include <functional>
#include <string>
#include <vector>

namespace flashdiff::detail {

/// A way to name some of the items that might be wrong: "sequences whose kv_len is no multiple of 64".
template <class Item>
struct Pattern {
  std::string words;
  std::function<bool(const Item&)> holds;
};

/// How well a pattern tells the wrong items from the rest.
struct Fit {
  std::string words;
  std::size_t members = 0;  ///< items that it names
  std::size_t wrong = 0;    ///< of them, wrong; it names every wrong one
  [[nodiscard]] bool exact() const { return members == wrong; }
  [[nodiscard]] double share() const { return static_cast<double>(wrong) / static_cast<double>(members); }
};

/// Patterns that name every wrong item, the best first: the larger share of wrong ones among its members
/// wins, and of (nearly) equal ones the earlier, so patterns are listed from simple to special. A wrong item
/// stays right by chance (a dropped key of little weight), so a pattern need not be exact.
template <class Item>
std::vector<Fit> fits(const std::vector<Pattern<Item>>& patterns, const std::vector<Item>& items,
                      const std::vector<bool>& wrong) {
  std::vector<Fit> found;
  for (const Pattern<Item>& pattern : patterns) {
    Fit fit{pattern.words};
    bool names_all = true;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool member = pattern.holds(items[i]);
      if (member) ++fit.members;
      if (member && wrong[i]) ++fit.wrong;
      if (wrong[i] && !member) names_all = false;
    }
    if (names_all && fit.members > 0) found.push_back(fit);
  }
  // Within a tenth the simpler words win; a stable insertion keeps the order of the list among equals.
  std::vector<Fit> best_first;
  for (const Fit& fit : found) {
    auto place = best_first.begin();
    while (place != best_first.end() && fit.share() <= 1.1 * place->share()) ++place;
    best_first.insert(place, fit);
  }
  return best_first;
}

}  // namespace flashdiff::detail
