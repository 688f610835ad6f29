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

/// What the call before asked, on the same workspace: nothing (the workspace is fresh), the very same, or
/// something else of the same shape of problem. What a kernel leaves behind in its workspace (counters,
/// partial results, flags) is what the next call finds.
enum class After : std::uint8_t { nothing, itself, another };

/// Where rows lie. `pad` rows are added to the rectangle beyond the longest sequence (packed: behind the last
/// row), so that even the longest one has padding beside it. `view` puts the tensor inside a larger buffer:
/// wider rows, an offset in front. With `page` rows a page, K and V lie in pages of one pool (PagedAttention,
/// Kwon et al. 2023, section 4): a sequence's pages are anywhere in it, pages of nobody between them, and a
/// block table says where; padding is then what the sequence's rows leave free of its own pages. With `hole`
/// so many rows of padding lie inside of each sequence that has two rows, behind one that is drawn from the
/// seed: 1 1 0 0 1, as a right-padded prompt has them that tokens were added to. A mask can say that, a first
/// row and a length cannot; never of packed rows, of pages or of an append.
struct Layout {
  Padding padding = Padding::right;
  Order order = Order::bshd;
  bool view = false;
  int pad = 0;
  int page = 0;  ///< 0: K and V are not paged
  int hole = 0;  ///< 0: a sequence's rows lie together
  bool operator==(const Layout&) const = default;
};

/// 0, or a number of rows that a page may have.
[[nodiscard]] bool is_page(int rows);

/// Address function of one tensor: element offset of (sequence, row, head, column 0) inside its buffer;
/// columns are contiguous.
///   origin + sequence * batch_stride + (first_row[sequence] + row) * row_stride + head * head_stride
/// This is what a kernel is given, too: per sequence a first row and a length, and strides in elements.
/// In pages, first_row counts from the sequence's first page, and with r = first_row[sequence] + row it is
///   origin + block_table[sequence][r / page] * batch_stride + r % page * row_stride + head * head_stride
/// Behind a hole rows lie so many rows further on, which no kernel is given.
struct Placement {
  /// In the block table where a sequence has fewer pages than the longest: beyond any pool.
  static constexpr std::int32_t no_page = 0x7fff'ffff;

  std::int64_t origin = 0;
  std::int64_t batch_stride = 0;  ///< 0 when packed: first_row then counts from the buffer's start; in pages:
                                  ///< from page to page
  std::int64_t row_stride = 0;
  std::int64_t head_stride = 0;
  std::int64_t elements = 0;  ///< of the whole buffer, guard bands excluded
  int heads = 0;
  int width = 0;  ///< columns of a row: d_qk, d_v, or 1 for LSE
  std::vector<std::int64_t> first_row;
  std::vector<int> rows;  ///< valid rows of each sequence
  std::vector<int> past;  ///< append, K and V: tokens in front of row 0 that the cache holds already, a
                          ///< sequence; else empty
  int page = 0;           ///< rows a page; 0: not paged, and the rest is empty
  int pages = 0;          ///< of the pool
  int table_columns = 0;  ///< pages of the sequence that has most
  std::vector<std::int32_t> block_table;  ///< [sequence][table_columns]; the same for K and V
  int hole = 0;                           ///< rows of it; 0: there is none, and hole_at is empty
  std::vector<int> hole_at;               ///< the row that lies behind it, a sequence; rows[s]: it has none

  /// The row of its rectangle (of all packed rows, of its own pages) that a sequence's row is.
  [[nodiscard]] std::int64_t lies_at(int sequence, int row) const {
    const auto s = static_cast<std::size_t>(sequence);
    return first_row[s] + row + (hole > 0 && row >= hole_at[s] ? hole : 0);
  }
  [[nodiscard]] std::int64_t address(int sequence, int row, int head) const {
    const std::int64_t at = lies_at(sequence, row);
    const std::int64_t block = page == 0 ? sequence : page_of(sequence, static_cast<int>(at / page));
    return origin + block * batch_stride + (page == 0 ? at : at % page) * row_stride + head * head_stride;
  }
  /// The pool's page that is number `index` of the sequence's own.
  [[nodiscard]] std::int32_t page_of(int sequence, int index) const {
    return block_table[static_cast<std::size_t>(sequence) * static_cast<std::size_t>(table_columns) +
                       static_cast<std::size_t>(index)];
  }
};

/// d_o is the gradient with respect to O, dq to Q and so on. Append: K and V of the new tokens, Q turned by
/// its positions, and the table of cosines and sines.
enum class TensorRole : std::uint8_t { q, k, v, o, lse, d_o, dq, dk, dv, k_new, v_new, q_rot, rope };

/// What a pass is handed and must not change: q, k, v; backward also o, lse, d_o; append q, k_new, v_new,
/// rope.
[[nodiscard]] std::span<const TensorRole> inputs_of(Pass pass);
/// What it writes: o, lse; backward dq, dk, dv; append q_rot, k, v.
[[nodiscard]] std::span<const TensorRole> outputs_of(Pass pass);
/// Whether its heads are query heads (Q, O, LSE, their gradients, the turned Q) or K/V heads.
[[nodiscard]] bool follows_queries(TensorRole role);
/// f32 for LSE, cosines and sines, else the problem's.
[[nodiscard]] DType dtype_of(const Problem& problem, TensorRole role);

/// Q, O, LSE and their gradients follow the query lengths and heads; K, V and theirs the key lengths and
/// heads; only K and V lie in pages. LSE has width 1: [b, s, h] or [b, h, s], as `order` says. Which pages a
/// sequence gets is drawn from the problem's seed; a quarter more than are needed, and one at least, belong
/// to nobody.
///
/// Append: K and V lie as they would in any pass, kv_len rows a sequence, but their logical rows are the new
/// tokens' alone, the last q_len; what the cache held before is, like padding, what no logical row maps to.
/// New K and V have q_len rows, and K/V heads. `rope` has one row for each position, [cos of dim / 2 pairs,
/// then sin] (as vLLM's cos_sin_cache), as many as the longest sequence has keys, and belongs to no sequence:
/// to number 0, as it were, never padded in front; without a rotary embedding it has none.
[[nodiscard]] Placement place(const Problem& problem, const Layout& layout, TensorRole role);

[[nodiscard]] const char* name_of(Padding);
[[nodiscard]] const char* name_of(Order);
[[nodiscard]] const char* name_of(Poison);
[[nodiscard]] const char* name_of(After);
[[nodiscard]] const char* name_of(TensorRole);

}  // namespace flashdiff
