#include "harness/oracle/append_causes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "harness/oracle/votes.h"
#include "harness/oracle/wrong_rows.h"
#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

/// How a row is turned: as asked, or as some hypothesis has it.
struct Turn {
  RopeForm form = RopeForm::half;
  int dim = 0;  ///< columns that are turned; 0: none
  double base = Rope::usual_base;
  double position = 0;  ///< negative: the other way round
};

/// One wrong row of a new token with everything that a hypothesis about it may use.
class TokenRow {
 public:
  TokenRow(const Case& c, const LogicalData& data, const Wanted& wanted, const Answer& answer,
           TensorRole role, RowAt at)
      : at(at),
        role(role),
        lengths(c.problem.sequences[static_cast<std::size_t>(at.sequence)]),
        asked_(c),
        given_(role == TensorRole::q_rot ? data.q
               : role == TensorRole::k   ? data.k
                                         : data.v),
        budget_(wanted.of(role).budget.row(at.sequence, at.head, at.row)),
        got_(answer.of(role).row(at.sequence, at.head, at.row)) {}

  const RowAt at;
  const TensorRole role;
  const SequenceLengths lengths;

  [[nodiscard]] const Case& asked() const { return asked_; }
  [[nodiscard]] const Problem& problem() const { return asked_.problem; }
  [[nodiscard]] int heads() const { return given_.heads(); }
  [[nodiscard]] bool is_turned() const { return problem().rope && role != TensorRole::v; }
  [[nodiscard]] int position() const { return lengths.kv_len - lengths.q_len + at.row; }
  /// As the problem asks.
  [[nodiscard]] Turn turn() const {
    if (!is_turned()) return {};
    return {problem().rope->form, problem().rope_dim(), problem().rope->base,
            static_cast<double>(position())};
  }
  [[nodiscard]] bool is(const Turn& turn) const { return is(turn, at); }
  /// Is what came back this other row (of the same sequence), turned like that? Within twice the budget and a
  /// few roundings, since the budget is that of the right row.
  [[nodiscard]] bool is(const Turn& turn, RowAt from) const {
    const float* const in = given_.row(from.sequence, from.head, from.row);
    for (int column = turn.dim; column < given_.width(); ++column)
      if (!near(column, in[column], std::abs(in[column]))) return false;
    const int pairs = turn.dim / 2;
    for (int j = 0; j < pairs; ++j) {
      const bool half = turn.form == RopeForm::half;
      const int x = half ? j : 2 * j, y = half ? j + pairs : 2 * j + 1;
      const double angle = turn.position * std::pow(turn.base, -1.0 * j / pairs);
      const double cos = std::cos(angle), sin = std::sin(angle);
      if (!near(x, in[x] * cos - in[y] * sin, std::abs(in[x] * cos) + std::abs(in[y] * sin))) return false;
      if (!near(y, in[y] * cos + in[x] * sin, std::abs(in[y] * cos) + std::abs(in[x] * sin))) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool near(int column, double want, double magnitude) const {
    const Format format = format_of(problem().dtype);
    const double rounding = (0x1p-20 + 2 * format.unit_roundoff) * magnitude + format.smallest_subnormal;
    return std::abs(got_[column] - want) <= 2 * budget_[column] + rounding;
  }

  const Case& asked_;
  const LogicalTensor<float>& given_;
  const double* budget_;
  const float* got_;
};

/// The right position, turned in another way.
void other_turns(const TokenRow& row, Words& words) {
  if (!row.is_turned()) return;
  const Turn asked = row.turn();
  const auto with = [&](const std::string& name, auto change) {
    Turn turn = asked;
    change(turn);
    if (row.is(turn)) words.push_back(name);
  };
  with("new tokens were not turned at all", [](Turn& turn) { turn.dim = 0; });
  if (asked.form == RopeForm::half)
    with("pairs were interleaved, not halves", [](Turn& turn) { turn.form = RopeForm::interleaved; });
  else
    with("pairs were halves, not interleaved", [](Turn& turn) { turn.form = RopeForm::half; });
  with("new tokens were turned the other way round", [](Turn& turn) { turn.position = -turn.position; });
  with("new tokens were turned twice", [](Turn& turn) { turn.position *= 2; });
  const int all = row.problem().d_qk / 2 * 2;
  if (asked.dim != all)
    with(fmt::format("all columns were turned, not the first {}", asked.dim),
         [all](Turn& turn) { turn.dim = all; });
  if (asked.base != Rope::usual_base)
    with(fmt::format("the base were {}", Rope::usual_base), [](Turn& turn) { turn.base = Rope::usual_base; });
}

/// The asked way, at another position.
void other_positions(const TokenRow& row, Words& words) {
  if (!row.is_turned()) return;
  const Turn asked = row.turn();
  const auto at = [&](std::int64_t position, const std::string& name) {
    Turn turn = asked;
    turn.position = static_cast<double>(position);
    if (turn.position != asked.position && row.is(turn)) words.push_back(name);
  };
  const Problem& problem = row.asked().problem;
  const Layout& layout = row.asked().layout;
  const auto s = static_cast<std::size_t>(row.at.sequence);
  const int past = row.lengths.kv_len - row.lengths.q_len;
  at(row.at.row, "positions started at 0, whatever the cache holds");
  at(row.position() + 1, "positions were one too late");
  at(row.position() - 1, "positions were one too early");
  const bool packed = layout.padding == Padding::packed;
  at(place(problem, layout, TensorRole::k).first_row[s] + row.at.row,
     packed && layout.page == 0 ? "positions ran on from sequence to sequence" : "positions counted padding");
  at(past + place(problem, layout, TensorRole::q).first_row[s] + row.at.row,
     packed ? "new tokens were counted on from sequence to sequence"
            : "positions counted the padding of the new tokens");
  const auto longest =
      std::max_element(problem.sequences.begin(), problem.sequences.end(),
                       [](SequenceLengths a, SequenceLengths b) { return a.kv_len < b.kv_len; });
  at(longest->kv_len - row.lengths.q_len + row.at.row, "every sequence had the longest kv_len");
  at(problem.sequences[0].kv_len - row.lengths.q_len + row.at.row,
     "every sequence had the first one's kv_len");
  at(past, "every new token had the first one's position");
  at(row.lengths.kv_len - 1, "every new token had the last one's position");
}

/// Another row than the new token's own, at its position or with its own.
void other_rows(const TokenRow& row, Words& words) {
  for (int head = 0; head < row.heads(); ++head) {
    RowAt other = row.at;
    other.head = head;
    if (head != row.at.head && row.is(row.turn(), other))
      words.push_back(
          fmt::format("{0} {1} held the answer of {0} {2}", head_word(row.role), row.at.head, head));
  }
  for (int token = 0; token < row.lengths.q_len; ++token) {
    const int by = token - row.at.row;
    if (by == 0) continue;
    RowAt other = row.at;
    other.row = token;
    Turn turn = row.turn();
    const std::string which =
        fmt::format("the new token {} {}", std::abs(by), by > 0 ? "further on" : "before it");
    if (row.is_turned() && row.is(turn, other))
      words.push_back(fmt::format("each new token were {}, turned by its own position", which));
    turn.position += by;
    if (row.is(turn, other)) words.push_back(fmt::format("each new token held the answer of {}", which));
  }
}

Words hypotheses_of(const TokenRow& row) {
  Words words;
  for (auto* ask : {other_turns, other_positions, other_rows}) ask(row, words);
  return words;
}

/// A row that is wrong, in plain numbers.
struct WrongRow {
  TensorRole role;
  RowAt at;
};
std::vector<WrongRow> wrong_rows_of(const Deviations& found, const Answer& answer) {
  std::vector<WrongRow> rows;
  for (const TensorDeviations& output : found.outputs) {
    const int width = output.use.width();
    for (int s = 0; s < output.use.sequences(); ++s)
      for (int head = 0; head < output.use.heads(); ++head)
        for (int row = 0; row < output.use.rows(s); ++row) {
          const double* use = output.use.row(s, head, row);
          const float* got = answer.of(output.role).row(s, head, row);
          if (std::any_of(use, use + width, is_wrong) &&
              std::all_of(got, got + width, [](float x) { return std::isfinite(x); }))
            rows.push_back({output.role, {s, head, row}});
        }
  }
  return rows;
}

}  // namespace

std::string likely_append_cause(const Case& c, const LogicalData& data, const Wanted& wanted,
                                const Answer& answer, const Deviations& found) {
  std::vector<Words> said;
  for (const WrongRow& wrong : spread(wrong_rows_of(found, answer), kRowsAsked))
    said.push_back(hypotheses_of(TokenRow(c, data, wanted, answer, wrong.role, wrong.at)));
  return most_said(said);
}

}  // namespace flashdiff::detail
