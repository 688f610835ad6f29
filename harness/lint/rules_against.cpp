#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

/// A full row and an empty one are padded on no side.
bool has_a_side(RowClass cls) { return cls != RowClass::full && cls != RowClass::empty; }

std::optional<Found> find_mixed_sides(const Seen& seen) {
  std::vector<int> left, right;
  for (int row = 0; row < seen.step.batch(); ++row) {
    const RowFacts& facts = seen.step.rows[static_cast<std::size_t>(row)];
    if (facts.cls == RowClass::left) left.push_back(row);
    if (facts.cls == RowClass::right) right.push_back(row);
  }
  if (left.empty() || right.empty()) return std::nullopt;
  return Found{fmt::format("{} padded on the left, {} on the right", in_words(left), in_words(right)), {}};
}

std::optional<Found> find_other_sides(const Seen& seen) {
  if (seen.against == nullptr) return std::nullopt;
  std::vector<int> rows;
  std::string message;
  for (int row = 0; row < seen.step.batch(); ++row) {
    const RowClass here = seen.step.rows[static_cast<std::size_t>(row)].cls;
    const RowClass there = seen.against->rows[static_cast<std::size_t>(row)].cls;
    if (here == there || !has_a_side(here) || !has_a_side(there)) continue;
    if (rows.empty())
      message = fmt::format("row {} is {} here and {} in {}", row, name_of(here), name_of(there),
                            seen.against->name);
    rows.push_back(row);
  }
  if (rows.empty()) return std::nullopt;
  return Found{std::move(message), std::move(rows)};
}

std::optional<Found> find_other_tokens(const Seen& seen) {
  if (seen.against == nullptr) return std::nullopt;
  std::vector<int> rows;
  std::string message;
  for (int row = 0; row < seen.step.batch(); ++row) {
    const int here = seen.step.rows[static_cast<std::size_t>(row)].tokens;
    const int there = seen.against->rows[static_cast<std::size_t>(row)].tokens;
    if (here == there) continue;
    if (rows.empty())
      message = fmt::format("row {} has {} tokens here and {} in {}", row, here, there, seen.against->name);
    rows.push_back(row);
  }
  if (rows.empty()) return std::nullopt;
  return Found{std::move(message), std::move(rows)};
}

}  // namespace

const Rule mixed_sides{
    "FD016",
    "mixed-sides",
    Level::note,
    "rows of one batch are padded on different sides",
    "Pad each batch in one place, by one tokenizer setting.",
    R"(A kernel with first rows and lengths does not mind. Code around it does: whatever assumes a side
(logits[:, -1], arange positions, lengths from column 0) is right for some rows and wrong for
others. Mostly two halves that were padded by different settings were concatenated (prompts and
completions, chosen and rejected).

Example:  0 0 1 1
          1 1 0 0)",
    find_mixed_sides};

const Rule sides_differ{
    "FD017",
    "sides-differ",
    Level::warning,
    "two masks of one batch pad on different sides",
    "Set padding_side once, for training and evaluation and for every tokenizer and processor of the model.",
    R"(Asked for with --against. The same texts are padded on the left in one mask and on the right in the
other: training against evaluation, a tokenizer against a processor, text against vision tokens.
Each may be right by itself; arrays of the one (labels, positions, lengths, last tokens) are wrong
for the other.

Example:  1 1 0 0  against  0 0 1 1)",
    find_other_sides};

const Rule tokens_differ{
    "FD018",
    "tokens-differ",
    Level::warning,
    "two masks of one batch mark different numbers of tokens",
    "Find out which of the two was truncated, expanded or made with other special tokens.",
    R"(Asked for with --against. A row that has more tokens in one mask than in the other was truncated,
got special tokens, or had its image placeholders expanded in one of the two only. Lengths and
positions of the one do not fit the other.

Example:  1 1 1 0  against  1 1 0 0)",
    find_other_tokens};

}  // namespace flashdiff::lint
