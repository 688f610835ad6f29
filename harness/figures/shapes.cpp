#include "harness/figures/shapes.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace flashdiff::figures {
namespace {

constexpr int kLong = 2048;
constexpr int kBatch = 16, kLongest = 512;

Case attention(int d, std::vector<SequenceLengths> sequences, MaskKind mask, Padding padding) {
  Case c;
  c.problem.sequences = std::move(sequences);
  c.problem.d_qk = c.problem.d_v = d;
  c.problem.mask.kind = mask;
  c.problem.dtype = DType::f16;
  c.problem.seed = 1;
  c.layout.padding = padding;
  return c;
}

}  // namespace

std::vector<SequenceLengths> lengths_of_fill(int batch, int longest, double fill) {
  std::vector<SequenceLengths> lengths{{longest, longest}};
  double left = fill * batch * longest - longest;
  for (int rest = batch - 1; rest > 0; --rest) {
    // Alternately up to a third more and a third less than an even share, as far as the longest allows.
    const double even = left / rest, swing = std::min(1.0 / 3, longest / even - 1);
    const double share = even * (rest == 1 ? 1 : rest % 2 == 0 ? 1 + swing : 1 - swing);
    const int length = std::clamp(static_cast<int>(std::lround(share)), 1, longest);
    lengths.push_back({length, length});
    left -= length;
  }
  return lengths;
}

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const int d : {64, 128}) {
    const auto add = [&](const std::string& name, Case c) {
      all.push_back({fmt::format("d{}/{}", d, name), std::move(c)});
    };
    add("seq2048", attention(d, {{kLong, kLong}}, MaskKind::none, Padding::packed));
    add("seq2048_causal", attention(d, {{kLong, kLong}}, MaskKind::causal_bottom_right, Padding::packed));
    for (const int percent : {10, 25, 50, 75, 100})
      for (const Padding padding : {Padding::left, Padding::right})
        add(fmt::format("fill{}_{}", percent, name_of(padding)),
            attention(d, lengths_of_fill(kBatch, kLongest, percent / 100.0), MaskKind::causal_bottom_right,
                      padding));
  }
  return all;
}

MainLoop main_loop(int d) {
  constexpr int kQueries = 128, kFewKeys = 576, kManyKeys = 1152;  // 576 = 3 * 192 = 6 * 96 = 9 * 64
  return {attention(d, {{kQueries, kFewKeys}}, MaskKind::none, Padding::packed),
          attention(d, {{kQueries, kManyKeys}}, MaskKind::none, Padding::packed)};
}

}  // namespace flashdiff::figures
