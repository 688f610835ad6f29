#include <fmt/format.h>

#include "reports/bench_charts.h"
#include "reports/bench_place.h"
#include "reports/chart_book.h"

/// The share of the work that is useful, over how much of the padded rectangle is filled.
namespace flashdiff::detail {
namespace {

constexpr const char* kRectangle = "the whole rectangle";

ChartPoint at(const BenchEntry& entry, double x, double y) {
  return {x, y, {}, entry.words().back(), '#' + anchor_of(entry)};
}

}  // namespace

ChartGroup padding_efficiency(const std::vector<BenchRun>& newest) {
  ChartBook book;
  const auto percent = [](double over) { return over > 0 ? 100 / over : 0; };
  for (const BenchRun& run : newest)
    for (const BenchEntry& entry : run.entries) {
      const auto place = place_of(entry);
      if (!place || place->how != "figures" || place->sweep != Sweep::fill ||
          !entry.has("issued_over_needed"))
        continue;
      Chart chart;
      chart.title = fmt::format("{}, d {}", place->backend, place->head_dim);
      chart.x = {"% of the rectangle filled", false, true};
      chart.y = {"% of the work issued that is useful", false, false, {}, ChartInterval{0, 100}};
      book.add(chart, place->variant, at(entry, place->x, percent(entry.counted("issued_over_needed"))));
      if (place->variant == "right" && entry.has("dense_over_needed"))
        book.add(chart, kRectangle, at(entry, place->x, percent(entry.counted("dense_over_needed"))));
    }
  std::vector<Chart> charts = book.take();
  for (Chart& chart : charts)
    for (ChartLine& line : chart.lines)
      if (line.name == kRectangle) line.look = ChartLine::Look::edge;
  return {"padding", "Padding: how much of the work is useful",
          "16 sequences of at most 512, causal: matrix products of unmasked pairs, over those that the "
          "kernel issues; "
          "whatever is lost is masked or outside a sequence, within a tile, or made twice. The dotted line "
          "is what "
          "would be left of a kernel that multiplies the padded rectangle. Kernels without tensor core "
          "products have no such "
          "figure.",
          std::move(charts)};
}

}  // namespace flashdiff::detail
