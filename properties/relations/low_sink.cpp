#include <cmath>

#include "harness/problem/limits.h"
#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics& numerics) {
  if (c.problem.sink) return "there is a sink already";
  return numerics.gives_lse ? "" : "there is no LSE to tell how much the sink takes";
}

// The sink's share is p = e^sink / (e^sink + e^LSE): O becomes (1 - p) O, and LSE grows by ln(1 + e^(sink -
// LSE)). A row that sees no key has LSE = sink.
Outcome<void> hold(Trial& trial) {
  constexpr double sink = -limits::sink;
  Question question = trial.question();
  question.problem.sink = Sink{static_cast<float>(sink)};
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  const Answered& own = trial.own();
  for_each_row(own.answer.lse, [&](RowAt at) {
    const auto row = [at](const auto& tensor) { return tensor.row(at.sequence, at.head, at.row); };
    const auto budget = [&](TensorRole output, const Answered& of) {
      return row(of.allowed.of(output).budget);
    };
    const double lse = *row(own.answer.lse), lse_budget = *budget(TensorRole::lse, own);
    const bool sees = !std::isinf(lse);
    const double taken =
        sees ? std::exp(sink - (lse - lse_budget)) : 0;  // at least p, and at least the growth
    for (int column = 0; column < own.answer.o.width(); ++column)
      trial.found.element({TensorRole::o, at.sequence, at.head, at.row, column}, row(said->answer.o)[column],
                          row(own.answer.o)[column],
                          budget(TensorRole::o, *said)[column] + budget(TensorRole::o, own)[column] +
                              taken * (std::fabs(static_cast<double>(row(own.answer.o)[column])) +
                                       budget(TensorRole::o, own)[column]));
    trial.found.element({TensorRole::lse, at.sequence, at.head, at.row, 0}, *row(said->answer.lse),
                        sees ? lse : sink, *budget(TensorRole::lse, *said) + (sees ? lse_budget + taken : 0));
  });
  return {};
}

}  // namespace

Relation low_sink() {
  return {"low-sink",      "a sink far below all scores is none",
          {Pass::forward}, "sinks, LSE; a case without one",
          why_not,         hold};
}

}  // namespace flashdiff::relations
