#include <algorithm>

#include <fmt/format.h>

#include "reports/bench_charts.h"
#include "reports/bench_place.h"
#include "reports/chart_book.h"

/// What is measured or counted over a sweep's coordinate, a line a backend.
namespace flashdiff::detail {
namespace {

constexpr double kProduct = 2.0 * 16 * 8 * 16;  // FLOPs of an m16n8k16
constexpr int kHeadDimLength = 1024;            // at which head dims are swept

const char* pass_words(const BenchPlace& place) { return place.is_backward ? "backward" : "forward"; }

ChartAxis steps(const char* title, bool logarithmic = true) { return {title, logarithmic, true}; }
const ChartAxis& x_of(Sweep sweep) {
  static const ChartAxis length = steps("queries and keys"), fill = steps("% of the rectangle filled", false),
                         heads = steps("query heads a K/V head"), keys = steps("keys of each cache");
  switch (sweep) {
    case Sweep::length: return length;
    case Sweep::fill: return fill;
    case Sweep::heads:
    case Sweep::decode_heads: return heads;
    case Sweep::decode: break;
  }
  return keys;
}

/// A sequence of one length stands in a sweep of head dims as well.
bool is_in_head_dims(const BenchPlace& place) {
  return place.sweep == Sweep::length && place.x == kHeadDimLength && place.variant == "causal" &&
         place.how != "cpu";
}
bool is_of_two_head_dims(const BenchPlace& place) { return place.head_dim == 64 || place.head_dim == 128; }

std::string where(const BenchPlace& place) {
  switch (place.sweep) {
    case Sweep::length:
      return fmt::format("{}, d {}, {}", pass_words(place), place.head_dim, mask_words(place.variant));
    case Sweep::fill:
      return fmt::format("{}, d {}, causal, a batch of 16", pass_words(place), place.head_dim);
    case Sweep::heads: return fmt::format("{}, d {}, causal, 512 keys", pass_words(place), place.head_dim);
    case Sweep::decode_heads: return fmt::format("one new token, d {}, a batch of 16", place.head_dim);
    case Sweep::decode: break;
  }
  return fmt::format("one new token, d {}, batch of {}", place.head_dim, place.batch);
}

/// Useful FLOPs a second; of who decodes, whose work is reading, bytes.
std::vector<double> rates_of(const BenchEntry& entry, bool reads) {
  std::vector<double> rates;
  for (const auto& metrics : entry.repetitions) {
    const auto value = [&](const char* metric) {
      const auto found = metrics.find(metric);
      return found == metrics.end() ? 0.0 : found->second;
    };
    const double rate =
        reads ? value("bytes") / entry.seconds(value("real_time")) : value("items_per_second");
    if (rate > 0) rates.push_back(rate);
  }
  std::ranges::sort(rates);
  return rates;
}

ChartPoint point(const BenchEntry& entry, double x, double y) {
  return {x, y, {}, shape_of(entry), '#' + anchor_of(entry)};
}

void add_times(ChartBook& book, const BenchEntry& entry, const BenchPlace& place) {
  const bool reads = place.sweep == Sweep::decode || place.sweep == Sweep::decode_heads;
  const bool here = place.how == "cpu";
  const std::vector<double> rates = rates_of(entry, reads);
  if (rates.empty()) return;
  const double unit = reads || here ? 1e9 : 1e12;
  const Median median = median_of(rates);
  ChartPoint at = point(entry, place.x, median.value / unit);
  if (median.confidence > 0) at.interval = ChartInterval{median.low / unit, median.high / unit};
  Chart chart;
  chart.y.title = reads ? "GB/s of the rows of Q, K, V, O" : here ? "useful GFLOP/s" : "useful TFLOP/s";
  chart.x = x_of(place.sweep);
  chart.title =
      here ? fmt::format("{}, {}, one thread of a processor", pass_words(place), mask_words(place.variant))
           : where(place);
  book.add(chart,
           place.sweep == Sweep::fill ? fmt::format("{}, {}", place.backend, place.variant) : place.backend,
           at);
  if (!is_in_head_dims(place)) return;
  at.x = place.head_dim;
  chart.x = steps("head dim");
  chart.title = fmt::format("{}, 1,024 keys, causal", pass_words(place));
  book.add(chart, place.backend, at);
}

/// A counter over the coordinate, where the entry has it.
void add_counter(ChartBook& book, const BenchEntry& entry, const BenchPlace& place, const char* counter,
                 const char* words, const std::string& title, const std::string& line) {
  if (!entry.has(counter)) return;
  Chart chart;
  chart.title = title;
  chart.x = x_of(place.sweep);
  chart.y.title = words;
  book.add(chart, line, point(entry, place.x, entry.counted(counter)));
}

void add_counters(ChartBook& book, const BenchEntry& entry, const BenchPlace& place) {
  constexpr const char *kInstructions = "warp_instructions_a_product", *kIssued = "issued_over_needed";
  constexpr const char *kInstructionWords = "warp instructions an m16n8k16",
                       *kIssuedWords = "products issued / needed";
  const char* pass = pass_words(place);
  if (place.sweep == Sweep::length && is_of_two_head_dims(place)) {
    const std::string line = fmt::format("{}, d {}", place.backend, place.head_dim),
                      mask = mask_words(place.variant);
    add_counter(book, entry, place, kInstructions, kInstructionWords,
                fmt::format("instructions: {}, {}", pass, mask), line);
    add_counter(book, entry, place, kIssued, kIssuedWords, fmt::format("products: {}, {}", pass, mask), line);
    if (entry.counted("useful_flops") > 0 && !place.is_backward) {  // kernels without tensor cores as well
      Chart chart;
      chart.title = fmt::format("all kernels: {}, {}", pass, mask);
      chart.x = x_of(place.sweep);
      chart.y = {"warp instructions / m16n8k16 needed", true};
      book.add(chart, line,
               point(entry, place.x,
                     entry.counted("warp_instructions") / (entry.counted("useful_flops") / kProduct)));
    }
  }
  if (is_in_head_dims(place) && entry.has(kInstructions)) {
    Chart chart;
    chart.title = fmt::format("instructions: {}, 1,024 keys, causal", pass);
    chart.x = steps("head dim");
    chart.y.title = kInstructionWords;
    book.add(chart, place.backend, point(entry, place.head_dim, entry.counted(kInstructions)));
  }
  if (place.sweep == Sweep::heads)
    add_counter(book, entry, place, "moved_bytes_over_rows", "bytes moved / bytes of all rows",
                fmt::format("bytes: {}, d {}", pass, place.head_dim), place.backend);
  const auto decoded = [&](const char* counter, const char* words, const char* subject,
                           const std::string& line) {
    add_counter(book, entry, place, counter, words,
                fmt::format("{}: one new token, d {}{}", subject, place.head_dim,
                            place.sweep == Sweep::decode_heads ? ", a batch of 16, 512 keys" : ""),
                line);
  };
  constexpr const char *kRead = "read_bytes_over_cache", *kReadWords = "bytes read / K and V";
  if (place.sweep == Sweep::decode)
    decoded(kRead, kReadWords, "bytes", fmt::format("{}, batch of {}", place.backend, place.batch));
  if (place.sweep == Sweep::decode_heads) {
    decoded(kRead, kReadWords, "bytes", place.backend);
    decoded("warp_instructions", "warp instructions", "instructions", place.backend);
  }
}

}  // namespace

std::string mask_words(const std::string& variant) { return variant.empty() ? "no mask" : variant; }

ChartGroup curves_of_times(const std::vector<BenchRun>& newest) {
  ChartBook book;
  double least = 1;
  std::size_t fewest = 0;
  for (const BenchRun& run : newest)
    for (const BenchEntry& entry : run.entries) {
      const auto place = place_of(entry);
      if (!place || place->how == "figures" || entry.repetitions.empty()) continue;
      add_times(book, entry, *place);
      if (entry.repetitions.size() < 2) continue;
      least = std::min(least, median_of(entry.sorted("real_time")).confidence);
      fewest = fewest == 0 ? entry.repetitions.size() : std::min(fewest, entry.repetitions.size());
    }
  const std::string interval =
      fewest == 0
          ? "Each was measured once, so nothing is known of the spread."
          : fmt::format(
                "Medians of {} repetitions or more; a bar is the interval that holds the median with at "
                "least {:.1f} % (order statistics).",
                fewest, 100 * least);
  return {"curves", "Speed, over what changes", interval, book.take()};
}

ChartGroup curves_of_counters(const std::vector<BenchRun>& newest) {
  ChartBook book;
  for (const BenchRun& run : newest)
    for (const BenchEntry& entry : run.entries)
      if (const auto place = place_of(entry); place && place->how == "figures" && !entry.repetitions.empty())
        add_counters(book, entry, *place);
  return {"counters", "Counters, over what changes",
          "Counted by the software driver: exact, the same on every machine, and no time.", book.take()};
}

}  // namespace flashdiff::detail
