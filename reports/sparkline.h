#pragma once
#include <string>
#include <vector>

namespace flashdiff {

/// A line over runs, from 0 to the largest value, as an SVG that takes its width from where it stands; no
/// script, no request. `label` is what a screen reader says. Values that are no numbers leave a gap.
[[nodiscard]] std::string sparkline_svg(const std::vector<double>& values, const std::string& label);

}  // namespace flashdiff
