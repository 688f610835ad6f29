#include "harness/oracle/where.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/oracle/where_patterns.h"

namespace flashdiff::detail {
namespace {

/// Below this share of a pattern's members the pattern explains nothing.
constexpr double kScattered = 0.25;

/// The numbers 0..count that are marked, and how a person would list them.
struct Numbers {
  std::vector<int> all;
  std::vector<bool> wrong;
  [[nodiscard]] std::vector<int> marked() const {
    std::vector<int> found;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (wrong[i]) found.push_back(all[i]);
    return found;
  }
};

Numbers numbers_up_to(int count) {
  Numbers numbers;
  numbers.all.resize(static_cast<std::size_t>(count));
  std::iota(numbers.all.begin(), numbers.all.end(), 0);
  numbers.wrong.assign(numbers.all.size(), false);
  return numbers;
}

std::string listed(const char* one, const char* many, const std::vector<int>& numbers) {
  if (numbers.size() == 1) return fmt::format("{} {}", one, numbers.front());
  const bool run = numbers.back() - numbers.front() + 1 == static_cast<int>(numbers.size());
  if (run) return fmt::format("{} {} to {}", many, numbers.front(), numbers.back());
  if (numbers.size() <= 6) return fmt::format("{} {}", many, fmt::join(numbers, ", "));
  return fmt::format("{} {} from {} to {}", numbers.size(), many, numbers.front(), numbers.back());
}

std::string with_share(const Fit& fit) {
  if (fit.exact()) return fit.words;
  return fmt::format("{} of the {} of {}", fit.wrong, fit.members, fit.words);
}

std::string tensors(const WrongRows& rows) {
  if (rows.in_lse == 0) return "O (LSE is right)";
  if (rows.in_o == 0) return "LSE (O is right)";
  return "O and LSE";
}

std::string sequences(const Case& c, int kv_tile, const Numbers& marks) {
  if (marks.all.size() == 1) {
    const SequenceLengths lengths = c.problem.sequences[static_cast<std::size_t>(marks.all.front())];
    return fmt::format("the only sequence with queries (q_len {}, kv_len {})", lengths.q_len, lengths.kv_len);
  }
  const std::vector<int> wrong = marks.marked();
  const std::vector<Fit> found = fits(sequence_patterns(c, kv_tile), marks.all, marks.wrong);
  if (wrong.size() == marks.all.size()) return found.front().words;
  std::string text = listed("sequence", "sequences", wrong);
  if (wrong.size() == 1) {
    const SequenceLengths lengths = c.problem.sequences[static_cast<std::size_t>(wrong.front())];
    text += fmt::format(" (q_len {}, kv_len {})", lengths.q_len, lengths.kv_len);
  }
  // With few sequences several patterns fit by chance: two are named, and the reader judges.
  int named = 0;
  for (const Fit& fit : found)
    if (fit.exact() && named++ < 2) text += (named == 1 ? ": " : "; also: ") + fit.words;
  if (named == 0) text += ": no pattern of lengths or padding fits";
  return text;
}

std::string heads(const Problem& problem, const Numbers& marks) {
  const std::vector<Fit> found = fits(head_patterns(problem), marks.all, marks.wrong);
  if (problem.h_q == 1) return "the only head";
  if (!found.empty() && found.front().exact()) return found.front().words;
  return listed("head", "heads", marks.marked());
}

std::string rows(const Problem& problem, int tile, const WrongRows& among) {
  const std::vector<RowAt> wrong = among.only_wrong();
  if (among.all.size() == 1) return "the only row";
  const std::vector<Fit> found = fits(row_patterns(problem, tile), among.all, among.wrong);
  const int first = wrong.front().row;
  const bool one_row =
      std::all_of(wrong.begin(), wrong.end(), [=](const RowAt& at) { return at.row == first; });
  if (!found.empty() && found.front().exact()) {
    return one_row ? fmt::format("row {} ({})", first, found.front().words) : found.front().words;
  }
  if (one_row) return fmt::format("row {}", first);
  if (!found.empty() && found.front().share() >= kScattered) return with_share(found.front());
  return fmt::format("{} scattered rows of {}, which no pattern of tiles or mask fits", wrong.size(),
                     among.all.size());
}

std::string columns(const Numbers& marks) {
  const std::vector<int> wrong = marks.marked();
  if (wrong.empty()) return "";  // LSE alone has no columns
  const int d_v = static_cast<int>(marks.all.size());
  const std::vector<Fit> found = fits(column_patterns(d_v), marks.all, marks.wrong);
  if (found.front().exact()) return ", " + found.front().words;
  if (wrong.size() <= 6 || wrong.back() - wrong.front() + 1 == static_cast<int>(wrong.size()))
    return ", " + listed("column", "columns", wrong);
  return ", " + with_share(found.front());
}

}  // namespace

std::string where_wrong(const Case& c, int kv_tile, const Deviations& found) {
  const WrongRows every = wrong_rows(found);
  Numbers by_sequence = numbers_up_to(c.problem.batch());
  Numbers by_head = numbers_up_to(c.problem.h_q);
  Numbers by_column = numbers_up_to(c.problem.d_v);
  for (const RowAt& at : every.only_wrong()) {
    by_sequence.wrong[static_cast<std::size_t>(at.sequence)] = true;
    by_head.wrong[static_cast<std::size_t>(at.head)] = true;
    for (int column = 0; column < c.problem.d_v; ++column)
      if (is_wrong(found.o.row(at.sequence, at.head, at.row)[column]))
        by_column.wrong[static_cast<std::size_t>(column)] = true;
  }
  // Rows are judged among those of the sequences and heads that are wrong at all; a sequence without queries
  // cannot be wrong and says nothing.
  WrongRows among = every;
  among.all.clear();
  among.wrong.clear();
  for (std::size_t i = 0; i < every.all.size(); ++i) {
    const RowAt& at = every.all[i];
    if (!by_sequence.wrong[static_cast<std::size_t>(at.sequence)]) continue;
    if (!by_head.wrong[static_cast<std::size_t>(at.head)]) continue;
    among.all.push_back(at);
    among.wrong.push_back(every.wrong[i]);
  }
  Numbers with_queries;
  for (int s : by_sequence.all) {
    if (c.problem.sequences[static_cast<std::size_t>(s)].q_len == 0) continue;
    with_queries.all.push_back(s);
    with_queries.wrong.push_back(by_sequence.wrong[static_cast<std::size_t>(s)]);
  }

  if (every.in_o + every.in_lse == 1) return "a single element of " + tensors(every);
  return fmt::format("{} in {}, {}, {}{}", tensors(every), sequences(c, kv_tile, with_queries),
                     heads(c.problem, by_head), rows(c.problem, kv_tile, among), columns(by_column));
}

}  // namespace flashdiff::detail
