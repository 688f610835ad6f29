#include "properties/values.h"

#include "properties/choices.h"

namespace flashdiff {

rc::Gen<DType> any_dtype(const std::vector<DType>& allowed) { return one_of(allowed); }

rc::Gen<DataFamily> any_data(std::vector<DataFamily> allowed) {
  std::erase(allowed, DataFamily::file);
  return one_of(allowed, rc::gen::weightedElement<DataFamily>({{5, DataFamily::normal},
                                                               {2, DataFamily::uniform},
                                                               {1, DataFamily::equal},
                                                               {1, DataFamily::huge},
                                                               {1, DataFamily::tiny},
                                                               {1, DataFamily::very_negative},
                                                               {2, DataFamily::rising},
                                                               {1, DataFamily::falling},
                                                               {1, DataFamily::one_hot},
                                                               {1, DataFamily::alternating}}));
}

rc::Gen<std::optional<float>> any_scale() {
  return rc::gen::weightedElement<std::optional<float>>(
      {{14, std::nullopt}, {1, 1.0f}, {1, 0.125f}, {1, 0.3f}, {1, 0.01f}});
}

std::vector<Axis> value_axes() {
  return {
      axis_of_names<DType>("dtype", [](const Case& c) { return c.problem.dtype; }),
      axis_of_names<DataFamily>("data", [](const Case& c) { return c.problem.data; }),
      {"scale",
       {"usual", "given"},
       [](const Case& c) { return std::vector<std::string>{c.problem.scale ? "given" : "usual"}; }},
  };
}

}  // namespace flashdiff
