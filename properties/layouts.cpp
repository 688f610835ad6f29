#include "properties/layouts.h"

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

rc::Gen<Poison> any_poison() { return one_of<Poison>({}); }

std::vector<Axis> layout_axes() {
  return {
      axis_of_names<Padding>("layout", [](const Case& c) { return c.layout.padding; }),
      axis_of_names<Order>("order", [](const Case& c) { return c.layout.order; }),
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
