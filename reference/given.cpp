#include "reference/given.h"

#include <algorithm>

#include "harness/problem/data.h"
#include "harness/problem/numbers.h"
#include "reference/attention.h"

namespace flashdiff {
namespace {

LogicalTensor<float> stored(const Problem& problem, const LogicalTensor<double>& result, DType dtype) {
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  LogicalTensor<float> to(std::move(rows), result.heads(), result.width());
  std::transform(result.values().begin(), result.values().end(), to.values().begin(),
                 [](double value) { return static_cast<float>(value); });
  round_all(dtype, to.values());
  return to;
}

}  // namespace

Outcome<LogicalData> make_given(const Problem& problem) {
  Outcome<LogicalData> data = make_data(problem);
  if (!data || problem.pass != Pass::backward) return data;
  const Attention forward = attention_forward(problem, *data);
  data->o = stored(problem, forward.o, problem.dtype);
  data->lse = stored(problem, forward.lse, DType::f32);
  return data;
}

}  // namespace flashdiff
