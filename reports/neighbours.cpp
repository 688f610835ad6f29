#include <algorithm>

#include <fmt/format.h>

#include "reports/error_map.h"
#include "reports/numbers.h"

namespace flashdiff {
namespace {

std::string padding_rows(std::int64_t rows) {
  return rows > 0 ? counted(rows, "row of padding", "rows of padding") : "";
}

/// What the cache of an append holds of a sequence before.
int past_of(const Placement& place, std::size_t sequence) {
  return place.past.empty() ? 0 : place.past[sequence];
}

/// Rows of a sequence's pages, or of a rectangle, but for the hole that it has.
std::int64_t depth_of(const Case& c, const Placement& place, std::size_t sequence) {
  std::int64_t depth = 0;
  if (place.page > 0) {
    for (int page = 0; page < place.table_columns; ++page)
      if (place.page_of(static_cast<int>(sequence), page) != Placement::no_page) depth += place.page;
    return depth;
  }
  for (std::size_t s = 0; s < place.rows.size(); ++s)
    depth = std::max<std::int64_t>(depth, place.rows[s] + past_of(place, s));
  const bool has_hole = place.hole > 0 && place.hole_at[sequence] < place.rows[sequence];
  return depth + c.layout.pad + (has_hole ? 0 : place.hole);
}

/// Packed: the nearest sequence that has rows, `step` away from `sequence`.
std::string next_sequence(const Placement& place, int sequence, int step) {
  const auto count = static_cast<int>(place.rows.size());
  for (int s = sequence + step; s >= 0 && s < count; s += step) {
    const auto at = static_cast<std::size_t>(s);
    if (place.rows[at] + past_of(place, at) > 0) return fmt::format("sequence {}", s);
  }
  return "";
}

}  // namespace

MapNeighbours neighbours_of(const Case& c, const ErrorMap& map) {
  if (map.sequence < 0 || map.sequence >= c.problem.batch()) return {};
  const Placement place = flashdiff::place(c.problem, c.layout, map.tensor);
  const auto s = static_cast<std::size_t>(map.sequence);
  MapNeighbours found;
  if (c.layout.padding == Padding::packed && place.page == 0) {
    found = {next_sequence(place, map.sequence, -1), next_sequence(place, map.sequence, 1)};
    if (found.below.empty()) found.below = padding_rows(c.layout.pad);
  } else {
    found = {padding_rows(place.first_row[s]),
             padding_rows(depth_of(c, place, s) - place.first_row[s] - place.rows[s])};
  }
  if (const int past = past_of(place, s); past > 0) found.above = counted(past, "past token", "past tokens");
  return found;
}

}  // namespace flashdiff
