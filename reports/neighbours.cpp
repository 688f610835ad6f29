#include <algorithm>

#include <fmt/format.h>

#include "reports/error_map.h"
#include "reports/numbers.h"

namespace flashdiff {
namespace {

std::string padding_rows(std::int64_t rows) {
  return rows > 0 ? counted(rows, "row of padding", "rows of padding") : "";
}

/// Packed: the nearest sequence that has rows, `step` away from `sequence`.
std::string next_sequence(const Placement& place, int sequence, int step) {
  const auto count = static_cast<int>(place.rows.size());
  for (int s = sequence + step; s >= 0 && s < count; s += step)
    if (place.rows[static_cast<std::size_t>(s)] > 0) return fmt::format("sequence {}", s);
  return "";
}

}  // namespace

MapNeighbours neighbours_of(const Case& c, const ErrorMap& map) {
  if (map.sequence < 0 || map.sequence >= c.problem.batch()) return {};
  const Placement place = flashdiff::place(c.problem, c.layout, map.tensor);
  const auto s = static_cast<std::size_t>(map.sequence);
  if (c.layout.padding == Padding::packed) {
    MapNeighbours packed{next_sequence(place, map.sequence, -1), next_sequence(place, map.sequence, 1)};
    if (packed.below.empty()) packed.below = padding_rows(c.layout.pad);
    return packed;
  }
  const std::int64_t depth = *std::ranges::max_element(place.rows) + c.layout.pad;
  return {padding_rows(place.first_row[s]), padding_rows(depth - place.first_row[s] - place.rows[s])};
}

}  // namespace flashdiff
