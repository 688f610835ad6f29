#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

template <class Holds>
std::vector<int> rows_where(const Step& step, Holds holds) {
  std::vector<int> rows;
  for (int row = 0; row < step.batch(); ++row)
    if (holds(step.rows[static_cast<std::size_t>(row)])) rows.push_back(row);
  return rows;
}

std::optional<Found> find_empty_rows(const Seen& seen) {
  auto rows = rows_where(seen.step, [](const RowFacts& row) { return row.empty(); });
  if (rows.empty()) return std::nullopt;
  return Found{fmt::format("no token in {} columns", seen.step.kv_len()), std::move(rows)};
}

std::optional<Found> find_holes(const Seen& seen) {
  auto rows = rows_where(seen.step, [](const RowFacts& row) { return row.holes > 0; });
  if (rows.empty()) return std::nullopt;
  const RowFacts& first = seen.step.rows[static_cast<std::size_t>(rows[0])];
  return Found{fmt::format("row {} has padding at columns {} to {} and tokens on both sides", rows[0],
                           first.hole_begin, first.hole_end - 1),
               std::move(rows)};
}

}  // namespace

const Rule empty_row{
    "FD001",
    "empty-row",
    Level::error,
    "a row without any token",
    "Drop the row from the batch, or give it one token whose result nobody reads.",
    R"(A query that sees no key has no softmax: sum(exp(-inf)) is 0, and 0/0 is NaN. What comes out
differs: FlashAttention and the kernels here answer 0 and LSE = -inf, a mask added as -inf gives
NaN, one added as the most negative finite number gives the mean over padding. In training one NaN
row makes every gradient NaN.

Example:  1 1 1
          0 0 0)",
    find_empty_rows};

const Rule padding_between_tokens{
    "FD002",
    "padding-between-tokens",
    Level::warning,
    "padding between the tokens of a row",
    "Gather the tokens (cu_seqlens with indices), or keep each sequence's cache compact so that no hole "
    "comes up.",
    R"(A first row and a length cannot describe a row with a hole; only a gather, pages that happen to fit,
or a mask in the scores can. What takes lengths alone reads the hole as keys. Holes come up where a
right-padded prompt's cache is extended by a column (1 1 0 0, then 1 1 0 0 1), where tokens in the
middle are masked out, or where two padded parts (text and image, prompt and completion) are
concatenated.

Example:  1 1 0 0 1)",
    find_holes};

}  // namespace flashdiff::lint
