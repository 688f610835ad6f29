#include <cmath>

#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  return c.problem.sink ? "a sink takes its part of every row's sum" : "";
}

/// The only key that a query sees through a window of nothing to its left and right, or nothing. ALiBi's
/// distance is 0 there.
std::optional<int> key_of(const Problem& problem, int sequence, int query) {
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  const KeyRange keys = visible_keys({MaskKind::window, 0, 0}, lengths, query);
  return keys.empty() ? std::nullopt : std::optional(keys.begin);
}

double score(const Trial& trial, RowAt at, int key) {
  const Problem& problem = trial.problem();
  const float* const q = trial.data().q.row(at.sequence, at.head, at.row);
  const float* const k = trial.data().k.row(at.sequence, at.head / problem.group(), key);
  double dot = 0;
  for (int c = 0; c < problem.d_qk; ++c) dot += static_cast<double>(q[c]) * static_cast<double>(k[c]);
  const double scaled = problem.softmax_scale() * dot;
  return problem.softcap ? *problem.softcap * std::tanh(scaled / *problem.softcap) : scaled;
}

Outcome<void> forward(Trial& trial, const Question& question) {
  const Problem& problem = trial.problem();
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  for_each_row(said->answer.o, [&](RowAt at) {
    const std::optional<int> key = key_of(problem, at.sequence, at.row);
    const auto row = [at](const auto& tensor) { return tensor.row(at.sequence, at.head, at.row); };
    const float* const v = key ? trial.data().v.row(at.sequence, at.head / problem.group(), *key) : nullptr;
    for (int column = 0; column < problem.d_v; ++column)
      trial.found.element({TensorRole::o, at.sequence, at.head, at.row, column}, row(said->answer.o)[column],
                          key ? v[column] : 0.0f, row(said->allowed.of(TensorRole::o).budget)[column]);
    if (said->allowed.has(TensorRole::lse) && key)
      trial.found.element({TensorRole::lse, at.sequence, at.head, at.row, 0}, *row(said->answer.lse),
                          score(trial, at, *key), *row(said->allowed.of(TensorRole::lse).budget));
  });
  return {};
}

// P = 1 and O = v, so dS = dO.v - dO.O = 0, and dV is the sum of the group's dO. LSE is handed on in f32, d
// away from the score, which makes P = e^d.
Outcome<void> backward(Trial& trial, Question question) {
  const Problem& problem = trial.problem();
  LogicalData& data = question.data;
  LogicalTensor<double> dv_want(row_counts(data.v), problem.h_kv, problem.d_v), dv_budget = dv_want;
  for_each_row(data.q, [&](RowAt at) {
    const std::optional<int> key = key_of(problem, at.sequence, at.row);
    const int kv_head = at.head / problem.group();
    float* const o = data.o.row(at.sequence, at.head, at.row);
    const float* const d_o = data.d_o.row(at.sequence, at.head, at.row);
    const double s = key ? score(trial, at, *key) : -std::numeric_limits<double>::infinity();
    float& lse = *data.lse.row(at.sequence, at.head, at.row) = static_cast<float>(s);
    const double p_off = key ? std::expm1(std::fabs(s - static_cast<double>(lse))) : 0;
    for (int column = 0; column < problem.d_v; ++column) {
      o[column] = key ? data.v.row(at.sequence, kv_head, *key)[column] : 0.0f;
      if (!key) continue;
      dv_want.row(at.sequence, kv_head, *key)[column] += static_cast<double>(d_o[column]);
      dv_budget.row(at.sequence, kv_head, *key)[column] +=
          p_off * std::fabs(static_cast<double>(d_o[column]));
    }
  });
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  for (const WantedTensor& output : said->allowed.outputs)
    for_each_row(output.budget, [&](RowAt at) {
      const auto row = [at](const auto& tensor) { return tensor.row(at.sequence, at.head, at.row); };
      const bool sums = output.role == TensorRole::dv;
      for (int column = 0; column < output.budget.width(); ++column)
        trial.found.element({output.role, at.sequence, at.head, at.row, column},
                            row(said->answer.of(output.role))[column], sums ? row(dv_want)[column] : 0.0,
                            row(output.budget)[column] + (sums ? row(dv_budget)[column] : 0.0));
    });
  return {};
}

Outcome<void> hold(Trial& trial) {
  Question question = trial.question();
  question.problem.mask = {MaskKind::window, 0, 0};
  return trial.problem().pass == Pass::forward ? forward(trial, question)
                                               : backward(trial, std::move(question));
}

}  // namespace

Relation window_of_one() {
  return {"window-of-one",
          "a query that sees one key gets its V, and its score as LSE; gradients of one key are dV = dO, dQ "
          "= dK = 0",
          {Pass::forward, Pass::backward},
          "windows; no sink",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
