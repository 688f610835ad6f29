#include "harness/problem/layout.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "harness/problem/limits.h"
#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"

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

/// Numbers 0 to count - 1 in an order drawn from the seed (Fisher and Yates).
std::vector<std::int32_t> shuffled(int count, std::uint64_t seed) {
  const detail::RowKey key(detail::folded(seed, 0x7061'6765'73));  // "pages"
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  for (std::size_t left = numbers.size(); left > 1; --left)
    std::swap(numbers[left - 1], numbers[key.bits(static_cast<std::uint32_t>(left)) % left]);
  return numbers;
}

/// Pages and block table for the lengths in place.rows, and the first rows that follow.
void put_in_pages(const Problem& problem, const Layout& layout, Placement& place) {
  place.page = layout.page;
  std::vector<int> pages_of;
  int needed = 0;
  for (int rows : place.rows) {
    const int own = (rows + layout.pad + layout.page - 1) / layout.page;
    place.first_row.push_back(rows_before(layout.padding, std::int64_t{own} * layout.page - rows));
    place.table_columns = std::max(place.table_columns, own);
    pages_of.push_back(own);
    needed += own;
  }
  place.pages = needed + std::max(1, needed / 4);
  const std::vector<std::int32_t> pool = shuffled(place.pages, problem.seed);
  auto next = pool.begin();
  for (int own : pages_of) {
    place.block_table.insert(place.block_table.end(), next, next + own);
    next += own;
    place.block_table.insert(place.block_table.end(), static_cast<std::size_t>(place.table_columns - own),
                             Placement::no_page);
  }
}

/// First rows in a rectangle, or packed. Returns the rectangle's rows, or those of all sequences together.
std::int64_t put_in_rows(const Layout& layout, Placement& place) {
  const bool packed = layout.padding == Padding::packed;
  std::int64_t depth = 0;
  for (int rows : place.rows) depth = packed ? depth + rows : std::max<std::int64_t>(depth, rows);
  depth += layout.pad;
  std::int64_t next = 0;
  for (int rows : place.rows) {
    place.first_row.push_back(packed ? next : rows_before(layout.padding, depth - rows));
    next += rows;
  }
  return depth;
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

bool is_page(int rows) { return rows >= 0 && rows <= limits::page && rows % limits::page_step == 0; }

Placement place(const Problem& problem, const Layout& layout, TensorRole role) {
  Placement place;
  place.heads = follows_queries(role) ? problem.h_q : problem.h_kv;
  place.width = width_of(problem, role);
  for (const SequenceLengths& lengths : problem.sequences)
    place.rows.push_back(follows_queries(role) ? lengths.q_len : lengths.kv_len);

  // Blocks of rows, one behind the other: a rectangle for each sequence, one for all of them, or pages.
  std::int64_t depth = layout.page;  // rows a block
  std::int64_t blocks = problem.batch();
  const bool paged = layout.page > 0 && (role == TensorRole::k || role == TensorRole::v);
  const bool packed = !paged && layout.padding == Padding::packed;
  if (paged) {
    put_in_pages(problem, layout, place);
    blocks = place.pages;
  } else {
    depth = put_in_rows(layout, place);
    if (packed) blocks = 1;
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
  const std::int64_t block = depth * place.row_stride * (rows_outside_heads ? 1 : place.heads);
  place.batch_stride = packed ? 0 : block;
  place.elements = margins.front + block * blocks + margins.behind;
  return place;
}

}  // namespace flashdiff
