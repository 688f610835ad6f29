#include "harness/problem/data.h"

#include <algorithm>
#include <cmath>

#include "harness/problem/families.h"
#include "harness/problem/file_rows.h"
#include "harness/problem/numbers.h"

namespace flashdiff {
namespace {

LogicalTensor<float> make_tensor(const Problem& problem, TensorRole role) {
  const bool of_queries = role == TensorRole::q || role == TensorRole::d_o;
  const bool of_values = role == TensorRole::v || role == TensorRole::d_o;
  std::vector<int> rows;
  rows.reserve(problem.sequences.size());
  // Of an append's K and V the new tokens' rows, the last.
  const bool last_rows = problem.pass == Pass::append && !of_queries;
  for (const SequenceLengths& lengths : problem.sequences)
    rows.push_back(of_queries || last_rows ? lengths.q_len : lengths.kv_len);
  LogicalTensor<float> tensor(std::move(rows), of_queries ? problem.h_q : problem.h_kv,
                              of_values ? problem.d_v : problem.d_qk);
  // A capture is of a forward pass: its gradients are ordinary ones.
  const detail::FillRow fill =
      detail::maker_of(problem.data == DataFamily::file ? DataFamily::normal : problem.data);
  const auto width = static_cast<std::size_t>(tensor.width());
  for (int s = 0; s < tensor.sequences(); ++s) {
    const auto [q_len, kv_len] = problem.sequences[static_cast<std::size_t>(s)];
    const int before = last_rows ? kv_len - q_len : 0;
    for (int h = 0; h < tensor.heads(); ++h)
      for (int r = 0; r < tensor.rows(s); ++r) {
        const std::span<float> row(tensor.row(s, h, r), width);
        fill(problem, {role, s, h, before + r}, row);
        round_all(problem.dtype, row);  // now, while the row is in the cache
      }
  }
  return tensor;
}

/// cos and sin of the angle of each pair at each position that a new token may have.
LogicalTensor<float> rope_table(const Problem& problem) {
  int positions = 0;
  for (const SequenceLengths& lengths : problem.sequences) positions = std::max(positions, lengths.kv_len);
  const int pairs = problem.rope_dim() / 2;
  LogicalTensor<float> table({problem.rope ? positions : 0}, 1, 2 * pairs);
  for (int p = 0; p < table.rows(0); ++p) {
    float* const row = table.row(0, 0, p);
    for (int j = 0; j < pairs; ++j) {
      const double angle = p * std::pow(static_cast<double>(problem.rope->base), -1.0 * j / pairs);
      row[j] = static_cast<float>(std::cos(angle));
      row[pairs + j] = static_cast<float>(std::sin(angle));
    }
  }
  return table;
}

}  // namespace

Outcome<LogicalData> make_data(const Problem& problem) {
  Outcome<LogicalData> data =
      problem.data == DataFamily::file
          ? detail::rows_of_file(problem)
          : LogicalData{make_tensor(problem, TensorRole::q), make_tensor(problem, TensorRole::k),
                        make_tensor(problem, TensorRole::v)};
  if (data && problem.pass == Pass::backward) data->d_o = make_tensor(problem, TensorRole::d_o);
  if (data && problem.pass == Pass::append) data->rope = rope_table(problem);
  return data;
}

}  // namespace flashdiff
