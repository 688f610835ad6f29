#include "reports/chart.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "reports/numbers.h"
#include "reports/scale.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

constexpr double width = 340, height = 215, left = 44, right = 14, top = 8, bottom = 34;
constexpr std::size_t looks = 6, most_names = 5;

/// Marks of lines in turn, around 0 0: circle, square, triangle, diamond.
constexpr const char* marks[] = {"M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0z",
                                 "M-3.1 -3.1h6.2v6.2h-6.2z", "M0 -4L3.8 3H-3.8z", "M0 -4.4L4 0L0 4.4L-4 0z"};

std::string look_of(std::size_t number) { return fmt::format("l{}", number % looks); }

std::size_t line_face(const ChartLine& line, std::size_t place) {
  return line.face < 0 ? place : static_cast<std::size_t>(line.face);
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart), x_(scale(chart.x, true)), y_(scale(chart.y, false)) {}

  [[nodiscard]] std::string svg() {
    grid();
    for (std::size_t i = 0; i < chart_.lines.size(); ++i)
      line(chart_.lines[i], line_face(chart_.lines[i], i));
    for (std::size_t i = 0; i < chart_.lines.size(); ++i)
      points(chart_.lines[i], line_face(chart_.lines[i], i));
    if (drawn_ == 0)
      add(R"(<text x="{:.0f}" y="{:.0f}">nothing to draw</text>)", (left + width - right) / 2, height / 2);
    return fmt::format(
        R"(<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title><desc>{}</desc>{}</svg>)",
        width, height, markup_escaped(chart_.title), markup_escaped(chart_.title),
        markup_escaped(chart_.summary), svg_);
  }

 private:
  template <class... Arguments>
  void add(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(svg_), text, std::forward<Arguments>(arguments)...);
  }

  [[nodiscard]] bool can_stand(const ChartPoint& point) const {
    const auto good = [](const ChartAxis& axis, double value) {
      return std::isfinite(value) && (!axis.logarithmic || value > 0);
    };
    return good(chart_.x, point.x) && good(chart_.y, point.y);
  }

  [[nodiscard]] Scale scale(const ChartAxis& axis, bool is_x) const {
    std::vector<double> values;
    for (const ChartLine& line : chart_.lines)
      for (const ChartPoint& point : line.points) {
        if (!can_stand(point)) continue;
        values.push_back(is_x ? point.x : point.y);
        if (is_x || !point.interval) continue;
        values.push_back(point.interval->low);
        values.push_back(point.interval->high);
      }
    if (axis.range) values = {axis.range->low, axis.range->high};
    if (!axis.names.empty()) {
      values.clear();
      for (std::size_t i = 0; i < axis.names.size(); ++i) values.push_back(static_cast<double>(i));
      return scale_of_steps(values, false);
    }
    if (axis.steps) return scale_of_steps(values, axis.logarithmic);
    return axis.logarithmic ? logarithmic_scale(values) : linear_scale(values);
  }

  [[nodiscard]] double x(double value) const { return left + x_.at(value) * (width - left - right); }
  [[nodiscard]] double y(double value) const {
    return height - bottom - y_.at(value) * (height - top - bottom);
  }

  void grid() {
    for (const double tick : y_.ticks)
      add(R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/><text class="end" x="{3}" y="{4:.1f}">{5}</text>)",
          left, width - right, y(tick), left - 6, y(tick) + 3.8, chart_number(chart_.y, tick));
    // Names are long: as many as there is room for, the last one among them.
    const std::size_t every = chart_.x.names.empty() ? 1 : (x_.ticks.size() + most_names - 1) / most_names;
    for (std::size_t i = 0; i < x_.ticks.size(); ++i) {
      add(R"(<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", x(x_.ticks[i]),
          height - bottom, height - bottom + 4);
      if ((x_.ticks.size() - 1 - i) % every == 0)
        add(R"(<text x="{:.1f}" y="{}">{}</text>)", x(x_.ticks[i]), height - bottom + 15,
            markup_escaped(chart_number(chart_.x, x_.ticks[i])));
    }
    add(R"(<line class="axis" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>)", left, width - right, height - bottom);
    add(R"(<text class="name" x="{:.0f}" y="{}">{}</text>)", (left + width - right) / 2, height - 4,
        markup_escaped(chart_.x.title));
  }

  void line(const ChartLine& line, std::size_t number) {
    if (line.look == ChartLine::Look::points) return;
    std::string path;
    for (const ChartPoint& point : line.points)
      if (can_stand(point))
        fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(point.x),
                       y(point.y));
    add(R"(<path class="{} {}" d="{}"/>)", line.look == ChartLine::Look::edge ? "edge" : "line",
        look_of(number), path);
  }

  void points(const ChartLine& line, std::size_t number) {
    for (const ChartPoint& point : line.points) {
      if (!can_stand(point)) continue;
      ++drawn_;
      if (line.look == ChartLine::Look::edge) continue;
      if (point.interval)
        add(R"(<path class="interval {}" d="M{:.1f} {:.1f}V{:.1f}"/>)", look_of(number), x(point.x),
            y(point.interval->low), y(point.interval->high));
      const std::string said =
          fmt::format("{}{}{}: {}{}", line.name, point.words.empty() ? "" : ", ", point.words,
                      chart_number(chart_.y, point.y),
                      point.interval ? fmt::format(" ({} to {})", chart_number(chart_.y, point.interval->low),
                                                   chart_number(chart_.y, point.interval->high))
                                     : "");
      const std::string mark = fmt::format(
          R"x(<path class="mark {}" transform="translate({:.1f} {:.1f})" d="{}"><title>{}</title></path>)x",
          look_of(number), x(point.x), y(point.y), marks[number % std::size(marks)], markup_escaped(said));
      // The table below has the same links, in order, for a keyboard.
      if (point.at.empty())
        svg_ += mark;
      else
        add(R"(<a href="{}" tabindex="-1">{}</a>)", markup_escaped(point.at), mark);
    }
  }

  const Chart& chart_;
  Scale x_, y_;
  std::string svg_;
  std::size_t drawn_ = 0;
};

}  // namespace

std::string chart_svg(const Chart& chart) { return Drawing(chart).svg(); }

std::string chart_key(const ChartLine& line, std::size_t place) {
  const std::size_t number = line_face(line, place);
  std::string parts;
  if (line.look != ChartLine::Look::points)
    parts += fmt::format(R"(<path class="{} {}" d="M1 6H27"/>)",
                         line.look == ChartLine::Look::edge ? "edge" : "line", look_of(number));
  if (line.look != ChartLine::Look::edge)
    parts += fmt::format(R"x(<path class="mark {}" transform="translate(14 6)" d="{}"/>)x", look_of(number),
                         marks[number % std::size(marks)]);
  return fmt::format(R"(<svg class="chart-key" width="28" height="12" aria-hidden="true">{}</svg>)", parts);
}

std::string chart_number(const ChartAxis& axis, double value) {
  if (!axis.names.empty()) {
    const auto at = static_cast<std::size_t>(value);
    return value >= 0 && at < axis.names.size() ? axis.names[at] : "";
  }
  if (axis.steps && value == std::round(value)) return grouped(std::llround(value));
  // Those of a scale that starts at a tick of 1e-17 by rounding.
  return brief(std::abs(value) < 1e-12 ? 0 : value);
}

}  // namespace flashdiff
