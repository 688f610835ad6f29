#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "harness/problem/problem.h"

namespace flashdiff {

enum class Padding : std::uint8_t { left, right, both, packed };
enum class Order : std::uint8_t { bshd, bhsd };  ///< packed: thd, htd

/// What lies in every address that no logical row maps to, and in outputs before the call. `dirty` is
/// plausible data: finite, of the size of real values, so that only a comparison of bits can tell.
enum class Poison : std::uint8_t { nan, inf, huge, dirty };

/// Where rows lie. `pad` rows are added to the rectangle beyond the longest sequence (packed: behind the last
/// row), so that even the longest one has padding beside it. `view` puts the tensor inside a larger buffer:
/// wider rows, an offset in front.
struct Layout {
  Padding padding = Padding::right;
  Order order = Order::bshd;
  bool view = false;
  int pad = 0;
  bool operator==(const Layout&) const = default;
};

/// Address function of one tensor: element offset of (sequence, row, head, column 0) inside its buffer;
/// columns are contiguous.
///   origin + sequence * batch_stride + (first_row[sequence] + row) * row_stride + head * head_stride
/// This is what a kernel is given, too: per sequence a first row and a length, and strides in elements.
struct Placement {
  std::int64_t origin = 0;
  std::int64_t batch_stride = 0;  ///< 0 when packed: first_row then counts from the buffer's start
  std::int64_t row_stride = 0;
  std::int64_t head_stride = 0;
  std::int64_t elements = 0;  ///< of the whole buffer, guard bands excluded
  int heads = 0;
  int width = 0;  ///< columns of a row: d_qk, d_v, or 1 for LSE
  std::vector<std::int64_t> first_row;
  std::vector<int> rows;  ///< valid rows of each sequence

  [[nodiscard]] std::int64_t address(int sequence, int row, int head) const {
    return origin + sequence * batch_stride +
           (first_row[static_cast<std::size_t>(sequence)] + row) * row_stride + head * head_stride;
  }
};

/// d_o is the gradient with respect to O, dq to Q and so on.
enum class TensorRole : std::uint8_t { q, k, v, o, lse, d_o, dq, dk, dv };

/// What a pass is handed and must not change: q, k, v; backward also o, lse, d_o.
[[nodiscard]] std::span<const TensorRole> inputs_of(Pass pass);
/// What it writes: o, lse; backward dq, dk, dv.
[[nodiscard]] std::span<const TensorRole> outputs_of(Pass pass);
/// f32 for LSE, else the problem's.
[[nodiscard]] DType dtype_of(const Problem& problem, TensorRole role);

/// Q, O, LSE and their gradients follow the query lengths and heads; K, V and theirs the key lengths and
/// heads. LSE has width 1: [b, s, h] or [b, h, s], as `order` says.
[[nodiscard]] Placement place(const Problem& problem, const Layout& layout, TensorRole role);

[[nodiscard]] const char* name_of(Padding);
[[nodiscard]] const char* name_of(Order);
[[nodiscard]] const char* name_of(Poison);
[[nodiscard]] const char* name_of(TensorRole);

}  // namespace flashdiff
