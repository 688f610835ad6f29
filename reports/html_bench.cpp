#include "reports/html_bench.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

View cell(const std::string& text, const std::string& link) {
  View view;
  view.set("text", text);
  view.set("link", link.empty() ? View(false) : View(link));
  return view;
}
View column(const std::string& name, bool number = true) {
  View view;
  view.set("name", name);
  view.set("number", View(number));
  return view;
}

std::string value_of(const Chart& chart, const ChartPoint& point) {
  if (!point.interval) return brief(point.y);
  return fmt::format("{} ({} to {})", brief(point.y), chart_number(chart.y, point.interval->low),
                     chart_number(chart.y, point.interval->high));
}

/// A row a point: where points are no lines over a common coordinate.
void fill_points(View& view, const Chart& chart) {
  ViewList rows;
  for (const ChartLine& line : chart.lines) {
    if (line.look != ChartLine::Look::points) continue;
    for (const ChartPoint& point : line.points) {
      View row;
      row.set("name", point.words);
      row.set("cells", ViewList{cell(chart_number(chart.x, point.x), ""),
                                cell(value_of(chart, point), point.at), cell(line.name, "")});
      rows.push_back(row);
    }
  }
  view.set("columns",
           ViewList{column("shape", false), column(chart.x.title), column(chart.y.title), column("why")});
  view.set("rows", rows);
}

/// A row a place on the axis, a column a line.
void fill_grid(View& view, const Chart& chart) {
  ViewList columns{column(chart.x.title, false)}, rows;
  std::set<double> places;
  for (const ChartLine& line : chart.lines) {
    columns.push_back(column(line.name));
    for (const ChartPoint& point : line.points) places.insert(point.x);
  }
  for (const double x : places) {
    ViewList cells;
    for (const ChartLine& line : chart.lines) {
      const auto point = std::ranges::find(line.points, x, &ChartPoint::x);
      cells.push_back(point == line.points.end() ? cell("", "") : cell(value_of(chart, *point), point->at));
    }
    View row;
    row.set("name", chart_number(chart.x, x));
    row.set("cells", cells);
    rows.push_back(row);
  }
  view.set("columns", columns);
  view.set("rows", rows);
}

View table_view(const BenchTable& table) {
  const bool any_note =
      std::ranges::any_of(table.rows, [](const BenchTable::Row& row) { return !row.note.empty(); });
  ViewList columns, rows;
  for (const std::string& one : table.columns) columns.push_back(View(one));
  for (const BenchTable::Row& row : table.rows) {
    ViewList cells;
    for (const std::string& one : row.cells) cells.push_back(View(one));
    View view;
    view.set("name", row.name);
    view.set("link", row.behind.empty() ? View(false) : View('#' + row.behind));
    view.set("off", View(row.off));
    view.set("cells", cells);
    view.set("has_note", View(any_note));
    view.set("note", row.note);
    rows.push_back(view);
  }
  View view;
  view.set("kernel", table.kernel);
  view.set("title", table.title);
  view.set("columns", columns);
  view.set("any_note", View(any_note));
  view.set("rows", rows);
  return view;
}

View part_view(const std::string& id, const std::string& title) {
  View view;
  view.set("id", id);
  view.set("title", title);
  return view;
}

}  // namespace

View chart_view(const Chart& chart) {
  View view;
  view.set("title", chart.title);
  view.set("y", chart.y.title);
  view.set("svg", chart_svg(chart));
  ViewList lines;
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    View line;
    line.set("key", chart_key(chart.lines[i], i));
    line.set("name", chart.lines[i].name);
    lines.push_back(line);
  }
  view.set("lines", lines);
  if (std::ranges::any_of(chart.lines,
                          [](const ChartLine& line) { return line.look == ChartLine::Look::points; }))
    fill_points(view, chart);
  else
    fill_grid(view, chart);
  return view;
}

void fill_bench(View& root, const Report& report, const Shown& shown) {
  ViewList tables, groups, parts;
  for (const BenchTable& table : report.bench) tables.push_back(table_view(table));
  for (const ChartGroup& group : report.charts) {
    View view = part_view("chart-" + group.id, group.title);
    ViewList charts;
    for (const Chart& chart : group.charts) charts.push_back(chart_view(chart));
    view.set("words", group.words);
    view.set("charts", charts);
    groups.push_back(view);
    parts.push_back(part_view("chart-" + group.id, group.title));
  }
  fill_bench_lines(root, report);
  fill_bench_behind(root, report, shown);
  if (root.get("any_hot")->is_true()) parts.push_back(part_view("bench-lines", "Hottest source lines"));
  parts.push_back(part_view("bench-tables", "All figures"));
  root.set("any_bench", View(!tables.empty()));
  root.set("bench", tables);
  root.set("chart_groups", groups);
  root.set("any_part", View(parts.size() > 1));
  root.set("parts", parts);
}

}  // namespace flashdiff::detail
