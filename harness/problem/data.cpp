#include "harness/problem/data.h"

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
  for (const SequenceLengths& lengths : problem.sequences)
    rows.push_back(of_queries ? lengths.q_len : lengths.kv_len);
  LogicalTensor<float> tensor(std::move(rows), of_queries ? problem.h_q : problem.h_kv,
                              of_values ? problem.d_v : problem.d_qk);
  // A capture is of a forward pass: its gradients are ordinary ones.
  const detail::FillRow fill =
      detail::maker_of(problem.data == DataFamily::file ? DataFamily::normal : problem.data);
  const auto width = static_cast<std::size_t>(tensor.width());
  for (int s = 0; s < tensor.sequences(); ++s)
    for (int h = 0; h < tensor.heads(); ++h)
      for (int r = 0; r < tensor.rows(s); ++r) {
        const std::span<float> row(tensor.row(s, h, r), width);
        fill(problem, {role, s, h, r}, row);
        round_all(problem.dtype, row);  // now, while the row is in the cache
      }
  return tensor;
}

}  // namespace

Outcome<LogicalData> make_data(const Problem& problem) {
  Outcome<LogicalData> data =
      problem.data == DataFamily::file
          ? detail::rows_of_file(problem)
          : LogicalData{make_tensor(problem, TensorRole::q), make_tensor(problem, TensorRole::k),
                        make_tensor(problem, TensorRole::v)};
  if (data && problem.pass == Pass::backward) data->d_o = make_tensor(problem, TensorRole::d_o);
  return data;
}

}  // namespace flashdiff
