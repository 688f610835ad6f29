#pragma once
#include <string>
#include <vector>

#include "properties/axis.h"

namespace flashdiff {

/// Every axis, in the order of a report.
[[nodiscard]] const std::vector<Axis>& axes();

/// "axis:value" for each class that the case is in. A function of the case alone, so that stored lines can be
/// labelled again.
[[nodiscard]] std::vector<std::string> classify(const Case& c);

}  // namespace flashdiff
