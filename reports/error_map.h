#pragma once
#include <string>
#include <string_view>

#include "harness/oracle/verdict.h"
#include "harness/problem/case.h"

namespace flashdiff {

/// What lies in memory before the first and after the last row of a map's sequence, in words; empty for
/// nothing.
struct MapNeighbours {
  std::string above, below;
};
[[nodiscard]] MapNeighbours neighbours_of(const Case& c, const ErrorMap& map);

/// "40 rows", "1 key", "3 new tokens": what lies down a map.
[[nodiscard]] std::string rows_of(const ErrorMap& map);

/// Inline SVG: cells of budget use over row x column (logarithmic, see colours.h), hatched bands where
/// padding (or a packed neighbour) begins, lines at every 64th row and column, and a legend. `id` must be
/// unique on the page. Empty where the map has no cells, or not as many as its extent says.
[[nodiscard]] std::string error_map_svg(const ErrorMap& map, const MapNeighbours& neighbours,
                                        std::string_view id);

}  // namespace flashdiff
