#include "properties/classify.h"

#include "properties/any_case.h"
#include "properties/appends.h"
#include "properties/heads.h"
#include "properties/layouts.h"
#include "properties/lengths.h"
#include "properties/masks.h"
#include "properties/values.h"

namespace flashdiff {

const std::vector<Axis>& axes() {
  static const std::vector<Axis> all = [] {
    std::vector<Axis> joined{pass_axis()};
    for (const auto& room :
         {layout_axes(), value_axes(), mask_axes(), length_axes(), head_axes(), append_axes()})
      joined.insert(joined.end(), room.begin(), room.end());
    return joined;
  }();
  return all;
}

std::vector<std::string> classify(const Case& c) {
  std::vector<std::string> labels;
  for (const Axis& axis : axes())
    for (const std::string& value : axis.of(c)) labels.push_back(axis.name + ":" + value);
  return labels;
}

}  // namespace flashdiff
