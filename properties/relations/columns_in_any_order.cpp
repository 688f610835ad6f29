#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  return c.problem.d_qk > 1 || c.problem.d_v > 1 ? "" : "heads have one column";
}

Outcome<void> hold(Trial& trial) {
  const std::vector<int> of_qk = permutation(trial.problem().d_qk, trial.bits(0));
  const std::vector<int> of_v = permutation(trial.problem().d_v, trial.bits(1));
  const auto in_order = [](const LogicalTensor<float>& from, const std::vector<int>& order) {
    return with_columns(from, [&order](int column) { return order[static_cast<std::size_t>(column)]; });
  };
  Question question = trial.question();
  LogicalData& data = question.data;
  for (LogicalTensor<float>* tensor : {&data.q, &data.k}) *tensor = in_order(*tensor, of_qk);
  for (LogicalTensor<float>* tensor : {&data.v, &data.o, &data.d_o}) *tensor = in_order(*tensor, of_v);
  const Outcome<Answered> said = trial.answer(question);
  if (!said) return tl::unexpected<Error>(said.error());
  for (const WantedTensor& output : said->allowed.outputs) {
    const bool scores = output.role == TensorRole::dq || output.role == TensorRole::dk;
    std::span<const int> columns = scores ? of_qk : of_v;
    if (output.role == TensorRole::lse) columns = {};
    for_each_row(said->answer.of(output.role),
                 [&](RowAt at) { trial.found.row(output.role, *said, at, trial.own(), at, columns); });
  }
  return {};
}

}  // namespace

Relation columns_in_any_order() {
  return {"columns-in-any-order",
          "Q and K with their columns in another order give the same scores; O, dV and dO keep V's order",
          {Pass::forward, Pass::backward},
          "two columns",
          why_not,
          hold};
}

}  // namespace flashdiff::relations
