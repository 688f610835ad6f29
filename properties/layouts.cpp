#include "properties/layouts.h"

#include <algorithm>
#include <bit>

#include "properties/choices.h"

namespace flashdiff {

rc::Gen<Layout> any_layout(const std::vector<Padding>& allowed) {
  return rc::gen::exec([allowed] {
    Layout layout;
    layout.padding = *one_of(allowed);
    layout.order = *one_of<Order>({});
    layout.view = *rc::gen::weightedElement<bool>({{2, false}, {1, true}});
    layout.pad = *rc::gen::weightedElement<int>({{4, 0}, {2, 1}, {2, 3}, {1, 17}, {1, 64}});
    return layout;
  });
}

rc::Gen<int> any_page(const Problem& problem, const std::vector<int>& allowed) {
  if (!allowed.empty()) return rc::gen::elementOf(allowed);
  const auto& sequences = problem.sequences;
  const bool few_queries =
      std::all_of(sequences.begin(), sequences.end(), [](const auto& one) { return one.q_len <= 16; });
  const std::size_t none = few_queries ? 24 : 180;
  return rc::gen::weightedElement<int>({{none, 0}, {5, 16}, {2, 32}, {2, 48}, {2, 64}, {1, 256}});
}

rc::Gen<Poison> any_poison() { return one_of<Poison>({}); }

std::vector<Axis> layout_axes() {
  return {
      axis_of_names<Padding>("layout", [](const Case& c) { return c.layout.padding; }),
      axis_of_names<Order>("order", [](const Case& c) { return c.layout.order; }),
      {"page",
       {"none", "power-of-2", "other"},
       [](const Case& c) {
         const auto page = static_cast<unsigned>(c.layout.page);
         return std::vector<std::string>{page == 0                   ? "none"
                                         : std::has_single_bit(page) ? "power-of-2"
                                                                     : "other"};
       }},
      {"view",
       {"no", "yes"},
       [](const Case& c) { return std::vector<std::string>{c.layout.view ? "yes" : "no"}; }},
      {"spare-rows",
       {"0", "some"},
       [](const Case& c) { return std::vector<std::string>{c.layout.pad > 0 ? "some" : "0"}; }},
      axis_of_names<Poison>("poison", [](const Case& c) { return c.poison; }),
  };
}

}  // namespace flashdiff
