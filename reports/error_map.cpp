#include "reports/error_map.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "reports/colours.h"
#include "reports/numbers.h"

namespace flashdiff {
namespace {

constexpr int tile = 64;  // the edge that nearly every flash kernel tiles by, or a multiple of it
constexpr double map_left = 44, map_top = 38, band = 16, plot_width = 316, plot_height = 248;  // pixels

/// Cells of a map, and where they lie on the picture.
struct Grid {
  const ErrorMap& map;
  int rows, columns;  ///< cells
  double row_height, column_width;
  double y = 0;  ///< of the first row of cells

  [[nodiscard]] double width() const { return columns * column_width; }
  [[nodiscard]] double height() const { return rows * row_height; }
  [[nodiscard]] double y_of_row(int row) const { return y + row * row_height / map.cell_rows; }
  [[nodiscard]] double x_of_column(int column) const {
    return map_left + column * column_width / map.cell_columns;
  }
};

int cells(int extent, int cell) { return (extent + cell - 1) / cell; }

bool is_whole(const ErrorMap& map) {
  if (map.rows <= 0 || map.columns <= 0 || map.cell_rows <= 0 || map.cell_columns <= 0) return false;
  const auto expected = static_cast<std::size_t>(cells(map.rows, map.cell_rows)) *
                        static_cast<std::size_t>(cells(map.columns, map.cell_columns));
  return map.use.size() == expected;
}

Grid grid_of(const ErrorMap& map, double y) {
  const int rows = cells(map.rows, map.cell_rows), columns = cells(map.columns, map.cell_columns);
  return {map, rows, columns, std::min(28.0, plot_height / rows), std::min(40.0, plot_width / columns), y};
}

/// One path a colour, and one stroke of it a run of equal cells: small, and light for the browser.
void draw_cells(std::string& svg, const Grid& grid) {
  std::map<int, std::string> paths;
  for (int row = 0; row < grid.rows; ++row) {
    const float* use = grid.map.use.data() + static_cast<std::ptrdiff_t>(row) * grid.columns;
    for (int begin = 0, end = 0; begin < grid.columns; begin = end) {
      const int step = colour_step(use[begin]);
      while (end < grid.columns && colour_step(use[end]) == step) ++end;
      fmt::format_to(std::back_inserter(paths[step]), "M{} {}h{}v1h-{}z", begin, row, end - begin,
                     end - begin);
    }
  }
  auto out = std::back_inserter(svg);
  fmt::format_to(
      out, R"svg(<g transform="translate({} {}) scale({:.4f} {:.4f})" shape-rendering="crispEdges">)svg",
      map_left, grid.y, grid.column_width, grid.row_height);
  for (const auto& [step, path] : paths)
    fmt::format_to(out, R"(<path fill="{}" d="{}"/>)", colour_of_step(step), path);
  svg += "</g>";
}

/// Every how many rows or columns a tick stands: a tile's edge, or as many of them that six ticks are enough.
int tick_distance(int extent) {
  int distance = tile;
  while (extent / distance > 6) distance *= 2;
  return distance;
}

void draw_edges(std::string& svg, const Grid& grid) {
  auto out = std::back_inserter(svg);
  const double right = map_left + grid.width(), foot = grid.y + grid.height();
  const auto line = [&](double x1, double y1, double x2, double y2) {
    fmt::format_to(out, R"(<line class="edge" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", x1, y1, x2,
                   y2);
  };
  for (int row = tile; row < grid.map.rows; row += tick_distance(grid.map.rows))
    line(map_left, grid.y_of_row(row), right, grid.y_of_row(row));
  for (int column = tile; column < grid.map.columns; column += tick_distance(grid.map.columns))
    line(grid.x_of_column(column), grid.y, grid.x_of_column(column), foot);
  fmt::format_to(out, R"(<rect class="frame" x="{}" y="{}" width="{:.1f}" height="{:.1f}"/>)", map_left,
                 grid.y, grid.width(), grid.height());
}

void draw_ticks(std::string& svg, const Grid& grid) {
  auto out = std::back_inserter(svg);
  for (int row = 0; row < grid.map.rows; row += tick_distance(grid.map.rows))
    fmt::format_to(out, R"(<text class="end" x="{}" y="{:.1f}">{}</text>)", map_left - 5,
                   std::max(grid.y_of_row(row) + 4, grid.y + 9), row);
  for (int column = 0; column < grid.map.columns; column += tick_distance(grid.map.columns))
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}">{}</text>)", grid.x_of_column(column), map_top - 7,
                   column);
  std::string_view rows = row_word(grid.map.tensor);
  rows.remove_prefix(rows.find_last_of(' ') + 1);  // of "new token" there is room for the last word
  fmt::format_to(out, R"(<text class="end" x="{}" y="{}">{}</text><text x="{:.1f}" y="13">column</text>)",
                 map_left - 12, map_top - 7, rows, map_left + grid.width() / 2);
}

void draw_band(std::string& svg, const Grid& grid, double y, const std::string& words, std::string_view id) {
  if (words.empty()) return;
  constexpr double room_for_words = 130;
  const double x = grid.width() >= room_for_words ? map_left + 6 : map_left + grid.width() + 6;
  fmt::format_to(
      std::back_inserter(svg),
      R"svg(<rect class="padding" fill="url(#{}-hatch)" x="{}" y="{:.1f}" width="{:.1f}" height="{}"/>)svg"
      R"(<text class="start halo" x="{:.1f}" y="{:.1f}">{}</text>)",
      id, map_left, y, grid.width(), band, x, y + band - 4, words);
}

/// Returns its height.
double draw_legend(std::string& svg, double y, bool with_nan) {
  auto out = std::back_inserter(svg);
  constexpr double step_width = 9.5;
  for (int step = 0; step < colour_steps; ++step)
    fmt::format_to(out, R"(<rect x="{:.1f}" y="{:.1f}" width="{}" height="10" fill="{}"/>)",
                   map_left + step * step_width, y, step_width + 0.3, colour_of_step(step));
  const auto label = [&](int decade, const char* text) {
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}">{}</text>)",
                   map_left + (decade - first_use_decade) * steps_per_decade * step_width, y + 23, text);
  };
  label(first_use_decade, "0.001");
  label(0, "1 = budget");
  label(last_use_decade, "1000");
  const double x = map_left + colour_steps * step_width + 34;
  if (with_nan)
    fmt::format_to(
        out,
        R"(<rect x="{:.1f}" y="{:.1f}" width="10" height="10" fill="{}"/><text class="start" x="{:.1f}" y="{:.1f}">NaN</text>)",
        x, y, colour_of_step(not_a_number_step), x + 14, y + 9);
  return 28;
}

}  // namespace

std::string rows_of(const ErrorMap& map) {
  const std::string one = row_word(map.tensor), many = one + 's';
  return counted(map.rows, one.c_str(), many.c_str());
}

std::string error_map_svg(const ErrorMap& map, const MapNeighbours& neighbours, std::string_view id) {
  if (!is_whole(map)) return {};
  const double first = map_top + (neighbours.above.empty() ? 0 : band);
  const Grid grid = grid_of(map, first);
  const double foot = first + grid.height();
  const double legend = foot + (neighbours.below.empty() ? 0 : band) + 12;

  std::string body;
  draw_cells(body, grid);
  draw_band(body, grid, map_top, neighbours.above, id);
  draw_band(body, grid, foot, neighbours.below, id);
  draw_edges(body, grid);
  draw_ticks(body, grid);
  const bool with_nan = std::ranges::any_of(map.use, [](float use) { return std::isnan(use); });
  const double height = legend + draw_legend(body, legend, with_nan);
  const double width = map_left + plot_width + 24;
  return fmt::format(
      R"(<svg class="map" role="img" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" )"
      R"(aria-label="Budget use of {2} over {3} by {4}, sequence {5}, {9} {6}">)"
      R"svg(<defs><pattern id="{7}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">)svg"
      R"(<path class="hatch" d="M0 0v6"/></pattern></defs>{8}</svg>)",
      width, height, name_of(map.tensor), rows_of(map), counted(map.columns, "column", "columns"),
      map.sequence, map.head, id, body, head_word(map.tensor));
}

}  // namespace flashdiff
