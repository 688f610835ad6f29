#include "reports/sparkline.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "reports/text.h"

namespace flashdiff {

std::string sparkline_svg(const std::vector<double>& values, const std::string& label) {
  constexpr double width = 300, height = 60, edge = 4;
  double most = 0;
  for (const double value : values)
    if (std::isfinite(value)) most = std::max(most, value);
  const auto x = [&](std::size_t i) {
    return edge + (width - 2 * edge) * static_cast<double>(i) /
                      static_cast<double>(std::max<std::size_t>(values.size() - 1, 1));
  };
  const auto y = [&](double value) {
    return height - edge - (most > 0 ? value / most : 0) * (height - 2 * edge);
  };
  std::string line;
  bool pen_up = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      pen_up = true;
      continue;
    }
    fmt::format_to(std::back_inserter(line), "{}{:.1f} {:.1f}", pen_up ? "M" : "L", x(i), y(values[i]));
    pen_up = false;
  }
  return fmt::format(
      R"(<svg class="spark" viewBox="0 0 {0} {1}" preserveAspectRatio="none" role="img" aria-label="{2}"><path class="line" d="{3}"/></svg>)",
      width, height, markup_escaped(label), line);
}

}  // namespace flashdiff
