#include "harness/problem/layout.h"

#include <algorithm>
#include <array>

#include "harness/problem/numbers.h"

namespace flashdiff {
namespace {

/// Extra elements of a view: `gap` behind every row pitch, `front` before the first row, `behind` the last.
struct ViewMargins {
  std::int64_t gap = 0;
  std::int64_t front = 0;
  std::int64_t behind = 0;
};

/// Each tensor gets margins of its own, so that a kernel that takes Q's strides for O is found. Where the
/// pitch allows rows at multiples of 16 bytes the margins keep them there; where it does not, they are odd.
ViewMargins margins_of(TensorRole role, std::int64_t pitch, std::int64_t elements_in_16_bytes) {
  const std::int64_t step = 1 + static_cast<std::int64_t>(role);
  if (pitch % elements_in_16_bytes == 0)
    return {step * elements_in_16_bytes, (2 + step) * elements_in_16_bytes, elements_in_16_bytes};
  return {2 * step + 1, 2 * step + 3, 1};
}

bool follows_queries(TensorRole role) {
  switch (role) {
    case TensorRole::q:
    case TensorRole::o:
    case TensorRole::lse:
    case TensorRole::d_o:
    case TensorRole::dq: return true;
    case TensorRole::k:
    case TensorRole::v:
    case TensorRole::dk:
    case TensorRole::dv: return false;
  }
  return false;
}

int width_of(const Problem& problem, TensorRole role) {
  switch (role) {
    case TensorRole::q:
    case TensorRole::k:
    case TensorRole::dq:
    case TensorRole::dk: return problem.d_qk;
    case TensorRole::v:
    case TensorRole::o:
    case TensorRole::d_o:
    case TensorRole::dv: return problem.d_v;
    case TensorRole::lse: return 1;
  }
  return 0;
}

/// Padding rows before the first valid row of a sequence that leaves `slack` rows of the rectangle free.
std::int64_t rows_before(Padding padding, std::int64_t slack) {
  switch (padding) {
    case Padding::left: return slack;
    case Padding::both: return (slack + 1) / 2;
    case Padding::right:
    case Padding::packed: return 0;
  }
  return 0;
}

}  // namespace

std::span<const TensorRole> inputs_of(Pass pass) {
  using enum TensorRole;
  static constexpr std::array forward{q, k, v};
  static constexpr std::array backward{q, k, v, o, lse, d_o};
  if (pass == Pass::forward) return forward;
  return backward;
}

std::span<const TensorRole> outputs_of(Pass pass) {
  using enum TensorRole;
  static constexpr std::array forward{o, lse};
  static constexpr std::array backward{dq, dk, dv};
  if (pass == Pass::forward) return forward;
  return backward;
}

DType dtype_of(const Problem& problem, TensorRole role) {
  return role == TensorRole::lse ? DType::f32 : problem.dtype;
}

Placement place(const Problem& problem, const Layout& layout, TensorRole role) {
  Placement place;
  place.heads = follows_queries(role) ? problem.h_q : problem.h_kv;
  place.width = width_of(problem, role);
  for (const SequenceLengths& lengths : problem.sequences)
    place.rows.push_back(follows_queries(role) ? lengths.q_len : lengths.kv_len);

  const bool packed = layout.padding == Padding::packed;
  std::int64_t depth = 0;  // rows of the rectangle, or of all sequences together
  for (int rows : place.rows) depth = packed ? depth + rows : std::max<std::int64_t>(depth, rows);
  depth += layout.pad;

  std::int64_t next = 0;
  for (int rows : place.rows) {
    place.first_row.push_back(packed ? next : rows_before(layout.padding, depth - rows));
    next += rows;
  }

  const bool rows_outside_heads = layout.order == Order::bshd;
  const std::int64_t pitch = rows_outside_heads ? std::int64_t{place.heads} * place.width : place.width;
  ViewMargins margins;
  if (layout.view) {
    const std::size_t size = bytes_of(dtype_of(problem, role));
    margins = margins_of(role, pitch, static_cast<std::int64_t>(16 / size));
  }
  place.origin = margins.front;
  place.row_stride = pitch + margins.gap;
  place.head_stride = rows_outside_heads ? place.width : depth * place.row_stride;
  const std::int64_t rectangle = depth * place.row_stride * (rows_outside_heads ? 1 : place.heads);
  place.batch_stride = packed ? 0 : rectangle;
  place.elements = margins.front + rectangle * (packed ? 1 : problem.batch()) + margins.behind;
  return place;
}

}  // namespace flashdiff
