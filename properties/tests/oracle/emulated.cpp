#include "properties/tests/oracle/emulated.h"

#include <algorithm>

#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/backward_simulation.h"

namespace flashdiff::testing {
namespace {

LogicalTensor<float> rows_of(const Problem& problem, bool of_queries, int heads, int width) {
  std::vector<int> rows;
  for (const SequenceLengths& one : problem.sequences) rows.push_back(of_queries ? one.q_len : one.kv_len);
  return {std::move(rows), heads, width};
}

Answer forward(const Kernel& kernel, const Problem& problem, const LogicalData& data) {
  Answer answer;
  answer.o = rows_of(problem, true, problem.h_q, problem.d_v);
  answer.lse = rows_of(problem, true, problem.h_q, 1);
  for (int s = 0; s < problem.batch(); ++s)
    for (int head = 0; head < problem.h_q; ++head)
      for (int row = 0; row < answer.o.rows(s); ++row) {
        const SimulatedRow got = simulate_row(kernel, problem, data, s, head, row);
        std::copy(got.o.begin(), got.o.end(), answer.o.row(s, head, row));
        *answer.lse.row(s, head, row) = got.lse;
      }
  return answer;
}

Answer backward(const Kernel& kernel, const Problem& problem, const LogicalData& data) {
  const BackwardOfKernel simulated(kernel, problem, data);
  Answer answer;
  answer.dq = rows_of(problem, true, problem.h_q, problem.d_qk);
  answer.dk = rows_of(problem, false, problem.h_kv, problem.d_qk);
  answer.dv = rows_of(problem, false, problem.h_kv, problem.d_v);
  for (int s = 0; s < problem.batch(); ++s) {
    for (int head = 0; head < problem.h_q; ++head)
      for (int row = 0; row < answer.dq.rows(s); ++row)
        std::ranges::copy(simulated.dq(s, head, row), answer.dq.row(s, head, row));
    for (int head = 0; head < problem.h_kv; ++head)
      for (int key = 0; key < answer.dk.rows(s); ++key) {
        const BackwardOfKernel::OfKey got = simulated.of_key(s, head, key);
        std::ranges::copy(got.dk, answer.dk.row(s, head, key));
        std::ranges::copy(got.dv, answer.dv.row(s, head, key));
      }
  }
  return answer;
}

}  // namespace

Answer emulated(const Kernel& kernel, const Problem& problem, const LogicalData& data) {
  return problem.pass == Pass::backward ? backward(kernel, problem, data) : forward(kernel, problem, data);
}

Problem emulated_problem(std::uint64_t number, Pass pass) {
  constexpr int kQueries = 24, kKeysOfGradients = 40;
  Problem problem = pass == Pass::backward ? small_backward_problem(number) : small_problem(number);
  for (SequenceLengths& one : problem.sequences) {
    one.q_len = std::min(one.q_len, kQueries);
    if (pass == Pass::backward) one.kv_len = std::min(one.kv_len, kKeysOfGradients);
  }
  return problem;
}

}  // namespace flashdiff::testing
