#include "harness/oracle/where.h"

#include <algorithm>
#include <functional>
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

std::string joined(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? "" : names.front();
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

/// What is wrong on one side, and what is right beside it.
std::string tensors(const Deviations& found, Side side) {
  const auto is_of = [side](const TensorDeviations& output) { return side_of(output.role) == side; };
  const bool others_wrong = std::any_of(found.outputs.begin(), found.outputs.end(), [&](const auto& output) {
    return !is_of(output) && output.wrong > 0;
  });
  std::vector<std::string> wrong, right;
  for (const TensorDeviations& output : found.outputs) {
    if (output.wrong == 0 && (is_of(output) || !others_wrong)) right.emplace_back(name_of(output.role));
    if (output.wrong > 0 && is_of(output)) wrong.emplace_back(name_of(output.role));
  }
  if (right.empty()) return joined(wrong);
  return fmt::format("{} ({} {} right)", joined(wrong), joined(right), right.size() == 1 ? "is" : "are");
}

/// What a side's rows are.
struct RowNames {
  const char *one, *of_a_sequence;
};
RowNames row_names(const Problem& problem, Side side) {
  if (problem.pass == Pass::append) return {"new token", "new tokens"};
  return side == Side::queries ? RowNames{"row", "queries"} : RowNames{"key", "keys"};
}

int row_count(const Problem& problem, Side side, SequenceLengths lengths) {
  return side == Side::queries || problem.pass == Pass::append ? lengths.q_len : lengths.kv_len;
}

std::string sequences(const Case& c, Side side, int kv_tile, const Numbers& marks) {
  if (marks.all.size() == 1) {
    const SequenceLengths lengths = c.problem.sequences[static_cast<std::size_t>(marks.all.front())];
    return fmt::format("the only sequence with {} (q_len {}, kv_len {})",
                       row_names(c.problem, side).of_a_sequence, lengths.q_len, lengths.kv_len);
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

std::string heads(const Problem& problem, Side side, const Numbers& marks) {
  const bool queries = side == Side::queries;
  const std::vector<Fit> found =
      fits(queries ? head_patterns(problem) : kv_head_patterns(), marks.all, marks.wrong);
  if (marks.all.size() == 1) return queries ? "the only head" : "the only kv-head";
  if (!found.empty() && found.front().exact()) return found.front().words;
  return queries ? listed("head", "heads", marks.marked()) : listed("kv-head", "kv-heads", marks.marked());
}

std::vector<Pattern<RowAt>> patterns_of_rows(const Case& c, Side side, int tile) {
  if (c.problem.pass == Pass::append) return token_patterns(c);
  return side == Side::queries ? row_patterns(c.problem, tile) : key_patterns(c.problem, tile);
}

std::string rows(const Case& c, Side side, int tile, const WrongRows& among) {
  const char* row = row_names(c.problem, side).one;
  const std::vector<RowAt> wrong = among.only_wrong();
  if (among.all.size() == 1) return fmt::format("the only {}", row);
  const std::vector<Fit> found = fits(patterns_of_rows(c, side, tile), among.all, among.wrong);
  const int first = wrong.front().row;
  const bool one_row =
      std::all_of(wrong.begin(), wrong.end(), [=](const RowAt& at) { return at.row == first; });
  if (!found.empty() && found.front().exact()) {
    return one_row ? fmt::format("{} {} ({})", row, first, found.front().words) : found.front().words;
  }
  if (one_row) return fmt::format("{} {}", row, first);
  if (!found.empty() && found.front().share() >= kScattered) return with_share(found.front());
  return fmt::format("{} scattered {}s of {}, which no pattern of tiles or mask fits", wrong.size(), row,
                     among.all.size());
}

/// Columns that are wrong, of one output.
std::string columns(const Numbers& marks) {
  const std::vector<int> wrong = marks.marked();
  const int width = static_cast<int>(marks.all.size());
  const std::vector<Fit> found = fits(column_patterns(width), marks.all, marks.wrong);
  if (found.front().exact()) return found.front().words;
  if (wrong.size() <= 6 || wrong.back() - wrong.front() + 1 == static_cast<int>(wrong.size()))
    return listed("column", "columns", wrong);
  return with_share(found.front());
}

/// Those of a side's wrong outputs, said once where they are the same; LSE alone has none.
std::string columns(const Deviations& found, Side side) {
  std::vector<std::string> words, of;
  for (const TensorDeviations& output : found.outputs) {
    if (side_of(output.role) != side || output.wrong == 0 || output.role == TensorRole::lse) continue;
    Numbers marks = numbers_up_to(output.use.width());
    const auto uses = output.use.values();
    for (std::size_t i = 0; i < uses.size(); ++i)
      if (is_wrong(uses[i])) marks.wrong[i % marks.wrong.size()] = true;
    words.push_back(columns(marks));
    of.push_back(fmt::format("{} of {}", words.back(), name_of(output.role)));
  }
  if (words.empty()) return "";
  const bool same = std::adjacent_find(words.begin(), words.end(), std::not_equal_to<>()) == words.end();
  return ", " + (same ? words.front() : fmt::format("{}", fmt::join(of, ", ")));
}

std::string where_wrong(const Case& c, Side side, int kv_tile, const Deviations& found) {
  const Problem& problem = c.problem;
  const WrongRows every = wrong_rows(found, side);
  Numbers by_sequence = numbers_up_to(problem.batch());
  Numbers by_head = numbers_up_to(side == Side::queries ? problem.h_q : problem.h_kv);
  for (const RowAt& at : every.only_wrong()) {
    by_sequence.wrong[static_cast<std::size_t>(at.sequence)] = true;
    by_head.wrong[static_cast<std::size_t>(at.head)] = true;
  }
  // Rows are judged among those of the sequences and heads that are wrong at all; a sequence without rows
  // cannot be wrong and says nothing.
  WrongRows among;
  for (std::size_t i = 0; i < every.all.size(); ++i) {
    const RowAt& at = every.all[i];
    if (!by_sequence.wrong[static_cast<std::size_t>(at.sequence)]) continue;
    if (!by_head.wrong[static_cast<std::size_t>(at.head)]) continue;
    among.all.push_back(at);
    among.wrong.push_back(every.wrong[i]);
  }
  Numbers with_rows;
  for (int s : by_sequence.all) {
    const SequenceLengths& lengths = problem.sequences[static_cast<std::size_t>(s)];
    if (row_count(problem, side, lengths) == 0) continue;
    with_rows.all.push_back(s);
    with_rows.wrong.push_back(by_sequence.wrong[static_cast<std::size_t>(s)]);
  }
  return fmt::format("{} in {}, {}, {}{}", tensors(found, side), sequences(c, side, kv_tile, with_rows),
                     heads(problem, side, by_head), rows(c, side, kv_tile, among), columns(found, side));
}

}  // namespace

std::string where_wrong(const Case& c, int kv_tile, const Deviations& found) {
  std::string words;
  for (Side side : {Side::queries, Side::keys}) {
    const bool any = std::any_of(found.outputs.begin(), found.outputs.end(), [side](const auto& output) {
      return side_of(output.role) == side && output.wrong > 0;
    });
    if (!any) continue;
    if (found.wrong == 1) return "a single element of " + tensors(found, side);
    if (!words.empty()) words += "; ";
    words += where_wrong(c, side, kv_tile, found);
  }
  return words;
}

}  // namespace flashdiff::detail
