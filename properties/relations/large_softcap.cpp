#include <algorithm>
#include <cmath>

#include "harness/problem/limits.h"
#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  return c.problem.softcap ? "scores are capped already" : "";
}

double norm_of(const float* row, int width) {
  double sum = 0;
  for (int column = 0; column < width; ++column) sum += static_cast<double>(row[column]) * row[column];
  return std::sqrt(sum);
}

/// Largest norm of a K/V head's keys, and largest |V|.
struct Largest {
  double k = 0, v = 0;
};
Largest largest_of(const Trial& trial, int sequence, int kv_head) {
  const LogicalTensor<float>&k = trial.data().k, &v = trial.data().v;
  Largest found;
  for (int key = 0; key < k.rows(sequence); ++key) {
    found.k = std::max(found.k, norm_of(k.row(sequence, kv_head, key), k.width()));
    for (int column = 0; column < v.width(); ++column)
      found.v = std::max(found.v, std::fabs(static_cast<double>(v.row(sequence, kv_head, key)[column])));
  }
  return found;
}

// C tanh(s / C) is s less at most H = |s|^3 / (3 C^2), and |s| at most scale |q| |k|. All weights of a row
// then lie within e^(2H) of what they were, so O moves by at most (e^(2H) - 1) max|V|, and LSE by H.
Outcome<void> hold(Trial& trial) {
  Question question = trial.question();
  question.problem.softcap = static_cast<float>(limits::largest_softcap);
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  const Problem& problem = trial.problem();
  Answered capped = *said;
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head) {
      const Largest largest = largest_of(trial, s, head / problem.group());
      for (int row = 0; row < trial.data().q.rows(s); ++row) {
        const double score =
            problem.softmax_scale() * norm_of(trial.data().q.row(s, head, row), problem.d_qk) * largest.k;
        const double less = std::pow(score, 3) / (3 * std::pow(limits::largest_softcap, 2));
        for (WantedTensor& output : capped.allowed.outputs) {
          const bool lse = output.role == TensorRole::lse;
          double* const budget = output.budget.row(s, head, row);
          for (int column = 0; column < output.budget.width(); ++column)
            budget[column] += lse ? less : std::expm1(2 * less) * largest.v;
        }
      }
    }
  trial.found.all_rows(capped, trial.own());
  return {};
}

}  // namespace

Relation large_softcap() {
  return {"large-softcap", "a softcap far above all scores is none",
          {Pass::forward}, "softcap; a case without one",
          why_not,         hold};
}

}  // namespace flashdiff::relations
