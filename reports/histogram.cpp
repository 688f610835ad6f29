#include "reports/histogram.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "reports/numbers.h"

namespace flashdiff {
namespace {

constexpr int slots = UseHistogram::slot_count;
constexpr int headroom = 18, plot = 110, footroom = 34;  // pixels
constexpr int budget_slot = 1 - UseHistogram::first_decade * UseHistogram::bins_per_decade;

double percent_of_slot(double slot) { return 100.0 * slot / slots; }

std::string edge_of_slot(int slot) {
  return brief(std::pow(10, UseHistogram::first_decade + (slot - 1.0) / UseHistogram::bins_per_decade));
}

std::int64_t count_in_slot(const UseHistogram& histogram, int slot) {
  if (slot == 0) return histogram.below;
  if (slot == slots - 1) return histogram.above;
  return histogram.bins[static_cast<std::size_t>(slot - 1)];
}

std::int64_t outside_budget(const UseHistogram& histogram) {
  std::int64_t outside = 0;
  for (int slot = budget_slot; slot < slots; ++slot) outside += count_in_slot(histogram, slot);
  return outside;
}

void draw_bar(std::string& svg, int slot, std::int64_t count, std::int64_t most, const std::string& link) {
  const double height = std::max(2.0, static_cast<double>(plot * count) / static_cast<double>(most));
  const bool outside = slot >= budget_slot;
  auto out = std::back_inserter(svg);
  // A link is as high as the plot: the bar of one case is two pixels.
  if (!link.empty())
    fmt::format_to(
        out,
        R"(<a href="{}" aria-label="{} used {} of their budgets"><rect class="reach" x="{:.2f}%" width="{:.2f}%" y="{}" height="{}"/>)",
        link, counted(count, "case", "cases"), span_of_slot(slot), percent_of_slot(slot), percent_of_slot(1),
        headroom, plot);
  fmt::format_to(
      out,
      R"(<rect class="{}" x="{:.2f}%" width="{:.2f}%" y="{:.1f}" height="{:.1f}"><title>{}: {}</title></rect>)",
      outside ? "outside" : "within", percent_of_slot(slot + 0.08), percent_of_slot(0.84),
      headroom + plot - height, height, span_of_slot(slot), counted(count, "case", "cases"));
  // Few numbers, so that they do not run into each other on a narrow screen: the peak, and whatever is wrong.
  if (count == most || outside)
    fmt::format_to(out, R"(<text class="count" x="{:.2f}%" y="{:.1f}">{}</text>)",
                   percent_of_slot(slot + 0.5), headroom + plot - height - 4, grouped(count));
  if (!link.empty()) svg += "</a>";
}

void draw_axis(std::string& svg) {
  auto out = std::back_inserter(svg);
  fmt::format_to(out, R"(<line class="axis" x1="0" x2="100%" y1="{0}" y2="{0}"/>)", headroom + plot);
  for (int slot = 1; slot < slots; slot += UseHistogram::bins_per_decade)
    fmt::format_to(
        out,
        R"(<line class="axis" x1="{0:.2f}%" x2="{0:.2f}%" y1="{1}" y2="{2}"/><text x="{0:.2f}%" y="{3}">{4}</text>)",
        percent_of_slot(slot), headroom + plot, headroom + plot + 4, headroom + plot + 16,
        edge_of_slot(slot));
  fmt::format_to(out, R"(<text class="title" x="50%" y="{}">share of the error budget used</text>)",
                 headroom + plot + footroom - 4);
}

}  // namespace

std::string span_of_slot(int slot) {
  if (slot == 0) return "up to " + edge_of_slot(1);
  if (slot == slots - 1) return "above " + edge_of_slot(slot);
  return edge_of_slot(slot) + " to " + edge_of_slot(slot + 1);
}

std::string histogram_svg(const UseHistogram& histogram, const std::function<std::string(int)>& link) {
  std::int64_t most = 1;
  for (int slot = 0; slot < slots; ++slot) most = std::max(most, count_in_slot(histogram, slot));
  std::string svg = fmt::format(
      R"(<svg class="histogram" role="{}" width="100%" height="{}" aria-label="Budget use of {}: {} above the budget">)",
      link ? "group" : "img", headroom + plot + footroom, counted(histogram.total(), "case", "cases"),
      grouped(outside_budget(histogram)));
  auto out = std::back_inserter(svg);
  fmt::format_to(
      out,
      R"(<line class="budget" x1="{0:.2f}%" x2="{0:.2f}%" y1="4" y2="{1}"/><text class="budget" x="{0:.2f}%" dx="4" y="13">budget</text>)",
      percent_of_slot(budget_slot), headroom + plot);
  for (int slot = 0; slot < slots; ++slot)
    if (const std::int64_t count = count_in_slot(histogram, slot); count > 0)
      draw_bar(svg, slot, count, most, link ? link(slot) : "");
  draw_axis(svg);
  return svg + "</svg>";
}

}  // namespace flashdiff
