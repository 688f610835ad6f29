#pragma once
#include <optional>
#include <string>
#include <vector>

namespace flashdiff {

/// Where the value of a point is known to lie.
struct ChartInterval {
  double low = 0, high = 0;
};

struct ChartPoint {
  double x = 0, y = 0;
  std::optional<ChartInterval> interval{};
  std::string words{};  ///< what it is, beside its value: "d64/seq2048"
  std::string at{};     ///< where a click leads: "#behind-..."; empty: nowhere
};

struct ChartLine {
  std::string name;
  std::vector<ChartPoint> points;  ///< joined in this order
  /// edge: a limit, without marks
  enum class Look : unsigned char { joined, points, edge } look = Look::joined;
  int face = -1;  ///< number of its colour and mark; -1: its place among the lines
};

/// A line chart, as data.
struct ChartAxis {
  std::string title;
  bool logarithmic = false;
  bool steps = false;                ///< a tick at each value, and none else
  std::vector<std::string> names{};  ///< of 0, 1, 2 ...: categories instead of numbers
  std::optional<ChartInterval> range{};
};
struct Chart {
  std::string title, summary;  ///< summary: what it shows, in a sentence, for those who do not see it
  ChartAxis x, y;
  std::vector<ChartLine> lines;
};

/// SVG of it: no script, no style of its own (classes are in page.css, light and dark), text that a screen
/// reader finds, each point with its value. It takes its width from where it stands. Points that are no
/// numbers, or not above 0 on a logarithmic axis, are left out; a chart without any says so.
[[nodiscard]] std::string chart_svg(const Chart& chart);

/// The sign of a line in the legend, as SVG: `place` counts the chart's lines.
[[nodiscard]] std::string chart_key(const ChartLine& line, std::size_t place);

/// "256", "4.46", as ticks and tables have them.
[[nodiscard]] std::string chart_number(const ChartAxis& axis, double value);

}  // namespace flashdiff
