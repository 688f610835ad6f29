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

bool is_cache(TensorRole role) { return role == TensorRole::k || role == TensorRole::v; }

/// How many rows of each sequence lie in memory.
std::vector<int> rows_of(const Problem& problem, TensorRole role) {
  const bool of_queries = follows_queries(role) || role == TensorRole::k_new || role == TensorRole::v_new;
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences)
    rows.push_back(of_queries ? lengths.q_len : lengths.kv_len);
  if (role != TensorRole::rope) return rows;
  if (!problem.rope || rows.empty()) return {0};
  return {*std::max_element(rows.begin(), rows.end())};
}

int width_of(const Problem& problem, TensorRole role) {
  switch (role) {
    case TensorRole::q:
    case TensorRole::k:
    case TensorRole::dq:
    case TensorRole::dk:
    case TensorRole::k_new:
    case TensorRole::q_rot: return problem.d_qk;
    case TensorRole::v:
    case TensorRole::o:
    case TensorRole::d_o:
    case TensorRole::dv:
    case TensorRole::v_new: return problem.d_v;
    case TensorRole::lse: return 1;
    case TensorRole::rope: return problem.rope_dim();
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

/// Behind which of its rows each sequence has its hole: one of all but the last, the same in every tensor
/// that has as many rows.
void put_holes(const Problem& problem, int hole, Placement& place) {
  place.hole = hole;
  const detail::RowKey key(detail::folded(problem.seed, 0x686f'6c65));  // "hole"
  for (std::size_t s = 0; s < place.rows.size(); ++s) {
    const auto rows = static_cast<std::uint32_t>(place.rows[s]);
    const auto at = rows < 2 ? rows : 1 + key.bits(static_cast<std::uint32_t>(s)) % (rows - 1);
    place.hole_at.push_back(static_cast<int>(at));
  }
}

/// First rows in a rectangle, or packed. Returns the rectangle's rows, or those of all sequences together.
std::int64_t put_in_rows(const Problem& problem, const Layout& layout, Placement& place) {
  const bool packed = layout.padding == Padding::packed;
  std::int64_t depth = 0;
  for (int rows : place.rows) depth = packed ? depth + rows : std::max<std::int64_t>(depth, rows);
  depth += layout.pad + layout.hole;
  if (layout.hole > 0) put_holes(problem, layout.hole, place);
  std::int64_t next = 0;
  for (int rows : place.rows) {
    const std::int64_t taken = rows + (rows < 2 ? 0 : layout.hole);
    place.first_row.push_back(packed ? next : rows_before(layout.padding, depth - taken));
    next += rows;
  }
  return depth;
}

}  // namespace

std::span<const TensorRole> inputs_of(Pass pass) {
  using enum TensorRole;
  static constexpr std::array forward{q, k, v};
  static constexpr std::array backward{q, k, v, o, lse, d_o};
  static constexpr std::array append{q, k_new, v_new, rope};
  switch (pass) {
    case Pass::forward: return forward;
    case Pass::backward: return backward;
    case Pass::append: return append;
  }
  return {};
}

std::span<const TensorRole> outputs_of(Pass pass) {
  using enum TensorRole;
  static constexpr std::array forward{o, lse};
  static constexpr std::array backward{dq, dk, dv};
  static constexpr std::array append{q_rot, k, v};
  switch (pass) {
    case Pass::forward: return forward;
    case Pass::backward: return backward;
    case Pass::append: return append;
  }
  return {};
}

bool follows_queries(TensorRole role) {
  switch (role) {
    case TensorRole::q:
    case TensorRole::o:
    case TensorRole::lse:
    case TensorRole::d_o:
    case TensorRole::dq:
    case TensorRole::q_rot: return true;
    case TensorRole::k:
    case TensorRole::v:
    case TensorRole::dk:
    case TensorRole::dv:
    case TensorRole::k_new:
    case TensorRole::v_new:
    case TensorRole::rope: return false;
  }
  return false;
}

DType dtype_of(const Problem& problem, TensorRole role) {
  return role == TensorRole::lse || role == TensorRole::rope ? DType::f32 : problem.dtype;
}

bool is_page(int rows) { return rows >= 0 && rows <= limits::page && rows % limits::page_step == 0; }

namespace {

/// The logical rows of an append's cache: the last q_len of those that are in place.
void keep_new_rows(const Problem& problem, Placement& place) {
  for (std::size_t s = 0; s < problem.sequences.size(); ++s) {
    const auto [q_len, kv_len] = problem.sequences[s];
    place.past.push_back(kv_len - q_len);
    place.first_row[s] += kv_len - q_len;
    place.rows[s] = q_len;
  }
}

}  // namespace

Placement place(const Problem& problem, const Layout& asked, TensorRole role) {
  Layout layout = asked;
  if (role == TensorRole::rope) layout.padding = Padding::right;
  Placement place;
  place.heads = follows_queries(role) ? problem.h_q : problem.h_kv;
  if (role == TensorRole::rope) place.heads = 1;
  place.width = width_of(problem, role);
  place.rows = rows_of(problem, role);

  // Blocks of rows, one behind the other: a rectangle for each sequence, one for all of them, or pages.
  std::int64_t depth = layout.page;  // rows a block
  auto blocks = static_cast<std::int64_t>(place.rows.size());
  const bool paged = layout.page > 0 && is_cache(role);
  const bool packed = !paged && layout.padding == Padding::packed;
  if (paged) {
    put_in_pages(problem, layout, place);
    blocks = place.pages;
  } else {
    depth = put_in_rows(problem, layout, place);
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
  if (problem.pass == Pass::append && is_cache(role)) keep_new_rows(problem, place);
  return place;
}

}  // namespace flashdiff
