#include "reports/chart_book.h"

#include <algorithm>

#include <fmt/format.h>

namespace flashdiff {

void ChartBook::add(const Chart& blank, const std::string& line, ChartPoint point) {
  auto chart = std::ranges::find(charts_, blank.title, &Chart::title);
  if (chart == charts_.end()) chart = charts_.insert(charts_.end(), blank);
  auto found = std::ranges::find(chart->lines, line, &ChartLine::name);
  if (found == chart->lines.end()) found = chart->lines.insert(chart->lines.end(), ChartLine{line, {}});
  found->points.push_back(std::move(point));
}

std::vector<Chart> ChartBook::take() {
  std::erase_if(charts_, [](Chart& chart) {
    for (ChartLine& line : chart.lines) std::ranges::stable_sort(line.points, {}, &ChartPoint::x);
    return std::ranges::none_of(chart.lines, [](const ChartLine& line) {
      return line.points.size() > 1 && line.points.front().x < line.points.back().x;
    });
  });
  for (Chart& chart : charts_)
    if (chart.summary.empty()) chart.summary = summary_of(chart);
  return std::move(charts_);
}

std::string summary_of(const Chart& chart) {
  std::string summary = fmt::format("{} over {}.", chart.y.title, chart.x.title);
  for (const ChartLine& line : chart.lines) {
    if (line.points.empty()) continue;
    const ChartPoint &first = line.points.front(), &last = line.points.back();
    summary += fmt::format(" {}: {} at {}", line.name, chart_number(chart.y, first.y),
                           chart_number(chart.x, first.x));
    if (line.points.size() > 1)
      summary += fmt::format(", {} at {}", chart_number(chart.y, last.y), chart_number(chart.x, last.x));
    summary += '.';
  }
  return summary;
}

}  // namespace flashdiff
