#pragma once
#include <functional>
#include <string>

#include "reports/model.h"

namespace flashdiff {

/// Inline SVG of budget use: a quarter of a decade a bar, the budget's line at 1. As wide as its container
/// (all horizontal lengths are percentages, so text keeps its size), coloured by the page's style. `link`:
/// where the cases behind a bar are told, by its slot; empty: nowhere.
[[nodiscard]] std::string histogram_svg(const UseHistogram& histogram,
                                        const std::function<std::string(int slot)>& link = {});

/// "0.0178 to 0.0316": which uses a slot counts.
[[nodiscard]] std::string span_of_slot(int slot);

}  // namespace flashdiff
