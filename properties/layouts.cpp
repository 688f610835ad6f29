#include "properties/layouts.h"

#include <algorithm>
#include <bit>

#include "properties/choices.h"

namespace flashdiff {

rc::Gen<Layout> any_layout(const CaseOptions& options) {
  return rc::gen::exec([options] {
    Layout layout;
    layout.padding = *one_of(options.paddings);
    layout.order = *one_of<Order>({});
    layout.view = options.may_have(Extra::view) && *chance(2, 3);
    if (options.may_have(Extra::spare_rows))
      layout.pad = *rc::gen::weightedElement<int>({{2, 1}, {2, 3}, {1, 17}, {1, 64}});
    return layout;
  });
}

rc::Gen<int> any_page(const Problem& problem, const CaseOptions& options) {
  if (!options.pages.empty()) return rc::gen::elementOf(options.pages);
  if (!options.may_have(Extra::page)) return rc::gen::just(0);
  const auto& sequences = problem.sequences;
  const bool few_queries =
      std::all_of(sequences.begin(), sequences.end(), [](const auto& one) { return one.q_len <= 16; });
  const std::size_t none = few_queries ? 6 : 84;
  return rc::gen::weightedElement<int>({{none, 0}, {5, 16}, {2, 32}, {2, 48}, {2, 64}, {1, 256}});
}

rc::Gen<Poison> any_poison() { return one_of<Poison>({}); }

rc::Gen<After> any_after(const CaseOptions& options) {
  if (!options.may_have(Extra::call_before)) return rc::gen::just(After::nothing);
  return rc::gen::weightedElement<After>({{4, After::nothing}, {1, After::itself}, {1, After::another}});
}

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
      axis_of_names<After>("after", [](const Case& c) { return c.after; }),
  };
}

}  // namespace flashdiff
