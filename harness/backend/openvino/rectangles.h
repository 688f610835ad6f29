#pragma once
#include <cstdint>
#include <vector>

#include "harness/backend/openvino/model.h"
#include "harness/problem/laid_out.h"

namespace flashdiff::openvino {

/// A padded batch as a caller hands it over: rectangles [batch, heads, longest + padding, columns] with the
/// padding on the side that the layout has (packed rows: behind them) and in its holes, and one mask that
/// carries lengths, holes, causal and window together. Padding holds plausible finite values: 0 times NaN
/// would be NaN, whatever the mask. Elements are widened to f32, which is exact.
///
/// Heads that share K and V become a batch of their own, [batch x kv heads, group, rows, columns] over one
/// head of K and V: the same memory, and the one form of sharing that OpenVINO fuses.
struct Rectangles {
  Form form;
  std::vector<float> q, k, v, o;
  std::vector<std::uint8_t> sees;  ///< the mask, where it is boolean
  std::vector<float> bias;         ///< and where there is ALiBi: -slope distance, or -inf

  [[nodiscard]] const void* mask() const {
    return form.additive ? static_cast<const void*>(bias.data()) : sees.data();
  }
};

/// The form alone; a side that has no rows is 0.
[[nodiscard]] Form form_of(const Case& c);
[[nodiscard]] Rectangles rectangles_of(const LaidOut& io);

/// Logical rows of O into the laid-out one, each element rounded to its dtype.
void scatter(const Rectangles& from, LaidOut& io);

}  // namespace flashdiff::openvino
