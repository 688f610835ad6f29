#pragma once
#include <string>

#include "reports/model.h"

namespace flashdiff {

/// Inline SVG of budget use: a quarter of a decade a bar, the budget's line at 1. As wide as its container
/// (all horizontal lengths are percentages, so text keeps its size), coloured by the page's style.
[[nodiscard]] std::string histogram_svg(const UseHistogram& histogram);

}  // namespace flashdiff
