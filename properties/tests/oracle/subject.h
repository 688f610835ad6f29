#pragma once
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "harness/oracle/causes.h"
#include "harness/oracle/deviations.h"
#include "harness/oracle/judge.h"
#include "harness/oracle/where.h"
#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"
#include "reference/given.h"

namespace flashdiff::testing {

/// Which keys a (possibly wrong) kernel lets a query see.
using Sees = std::function<bool(int sequence, int head, int row, int key)>;

/// A case with everything that the oracle is handed, and answers to it that were never computed by a kernel.
struct Subject {
  Case question;
  Numerics numerics;
  LogicalData data;
  BudgetedAttention expected;  ///< of a forward case
  Wanted wanted;

  [[nodiscard]] const Problem& problem() const { return question.problem; }
  [[nodiscard]] Verdict judged(const Answer& answer) const {
    return judge(question, numerics, wanted, answer);
  }
};

inline Subject subject(const std::string& line) {
  auto parsed = parse_case(line);
  if (!parsed) throw std::invalid_argument(parsed.error().what);
  Subject s{*parsed, {}, {}, {}, {}};
  s.numerics.out = s.problem().dtype;
  s.data = make_given(s.problem()).value();
  if (s.problem().pass == Pass::forward)
    s.expected = attention_forward_with_budget(s.problem(), s.data, s.numerics);
  s.wanted = wanted(s.problem(), s.data, s.numerics);
  return s;
}

inline Answer empty_answer(const Subject& s) {
  std::vector<int> rows;
  for (const SequenceLengths& one : s.problem().sequences) rows.push_back(one.q_len);
  Answer answer;
  answer.o = {rows, s.problem().h_q, s.problem().d_v};
  answer.lse = {rows, s.problem().h_q, 1};
  return answer;
}

/// The reference's own values, rounded as a kernel's output is.
inline Answer right_answer(const Subject& s) {
  Answer answer;
  for (const WantedTensor& output : s.wanted.outputs) {
    const LogicalTensor<double>& want = output.want;
    std::vector<int> rows;
    for (int b = 0; b < want.sequences(); ++b) rows.push_back(want.rows(b));
    LogicalTensor<float>& got = answer.of(output.role);
    got = {rows, want.heads(), want.width()};
    for (std::size_t i = 0; i < got.values().size(); ++i)
      got.values()[i] = rounded(dtype_of(s.problem(), output.role), static_cast<float>(want.values()[i]));
  }
  return answer;
}

/// Attention written out once more, one row at a time, with the keys that `sees` says and the K/V head that
/// `kv_head` says: an answer of a kernel with a planted fault.
inline Answer answer_that(const Subject& s, const Sees& sees,
                          const std::function<int(int)>& kv_head_of = {}) {
  const Problem& p = s.problem();
  Answer answer = empty_answer(s);
  for (int b = 0; b < p.batch(); ++b)
    for (int head = 0; head < p.h_q; ++head)
      for (int row = 0; row < answer.o.rows(b); ++row) {
        const int kv_head = kv_head_of ? kv_head_of(head) : head / p.group();
        const int keys = s.data.k.rows(b);
        std::vector<double> score(static_cast<std::size_t>(keys));
        double max = -std::numeric_limits<double>::infinity();
        for (int key = 0; key < keys; ++key) {
          double dot = 0;
          for (int c = 0; c < p.d_qk; ++c)
            dot += static_cast<double>(s.data.q.row(b, head, row)[c]) * s.data.k.row(b, kv_head, key)[c];
          double& scaled = score[static_cast<std::size_t>(key)];
          scaled = dot * p.softmax_scale();
          if (p.softcap) scaled = *p.softcap * std::tanh(scaled / *p.softcap);
          scaled -= alibi_slope(p, head) * alibi_distance({answer.o.rows(b), keys}, row, key);
          if (sees(b, head, row, key)) max = std::max(max, score[static_cast<std::size_t>(key)]);
        }
        double sum = 0;
        if (p.sink) {
          max = std::max(max, static_cast<double>(sink_logit(p, head)));
          sum = std::exp(sink_logit(p, head) - max);
        }
        std::vector<double> o(static_cast<std::size_t>(p.d_v));
        for (int key = 0; key < keys; ++key) {
          if (!sees(b, head, row, key)) continue;
          const double weight = std::exp(score[static_cast<std::size_t>(key)] - max);
          sum += weight;
          for (int c = 0; c < p.d_v; ++c)
            o[static_cast<std::size_t>(c)] += weight * s.data.v.row(b, kv_head, key)[c];
        }
        for (int c = 0; c < p.d_v; ++c)
          answer.o.row(b, head, row)[c] =
              rounded(p.dtype, sum > 0 ? static_cast<float>(o[static_cast<std::size_t>(c)] / sum) : 0.0f);
        *answer.lse.row(b, head, row) = static_cast<float>(max + std::log(sum));
      }
  return answer;
}

/// What the oracle says of an answer: why it may be wrong, and where it is, for a kernel whose tiles have 64
/// keys.
inline std::string cause(const Subject& s, const Answer& answer) {
  return detail::likely_cause(s.question, s.data, s.wanted, answer, detail::deviations(s.wanted, answer), 64);
}
inline std::string words(const Subject& s, const Answer& answer) {
  return detail::where_wrong(s.question, 64, detail::deviations(s.wanted, answer));
}

/// As the problem's own mask says.
inline Sees sees_as_asked(const Subject& s) {
  return [&p = s.problem()](int b, int, int row, int key) {
    const KeyRange keys = visible_keys(p.mask, p.sequences[static_cast<std::size_t>(b)], row);
    return key >= keys.begin && key < keys.end;
  };
}
/// As another mask says.
inline Sees sees_with(const Subject& s, Mask mask) {
  return [&p = s.problem(), mask](int b, int, int row, int key) {
    const KeyRange keys = visible_keys(mask, p.sequences[static_cast<std::size_t>(b)], row);
    return key >= keys.begin && key < keys.end;
  };
}

}  // namespace flashdiff::testing
