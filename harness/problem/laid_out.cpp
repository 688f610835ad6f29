#include "harness/problem/laid_out.h"

#include "harness/problem/numbers.h"
#include "harness/problem/poison.h"
#include "harness/problem/rows_in_memory.h"

namespace flashdiff {
namespace {

LaidOutTensor poisoned(const Case& c, TensorRole role) {
  LaidOutTensor tensor;
  tensor.role = role;
  tensor.dtype = role == TensorRole::lse ? DType::f32 : c.problem.dtype;
  tensor.place = place(c.problem, c.layout, role);
  const std::size_t size = bytes_of(tensor.dtype);
  tensor.bytes.resize(static_cast<std::size_t>(tensor.place.elements) * size +
                      2 * LaidOutTensor::guard_bytes);
  const auto first = -static_cast<std::int64_t>(LaidOutTensor::guard_bytes / size);
  detail::fill_poison(c.poison, tensor.dtype, role, first, tensor.bytes);
  return tensor;
}

LaidOutTensor written(const Case& c, TensorRole role, const LogicalTensor<float>& values) {
  LaidOutTensor tensor = poisoned(c, role);
  const std::size_t size = bytes_of(tensor.dtype);
  const auto width = static_cast<std::size_t>(values.width());
  detail::for_each_row_in_memory(tensor.place, [&](int sequence, int row, int head, std::int64_t address) {
    store_elements(tensor.dtype, tensor.body() + static_cast<std::size_t>(address) * size,
                   {values.row(sequence, head, row), width});
  });
  return tensor;
}

}  // namespace

LaidOut lay_out(const Case& c, const LogicalData& data) {
  return {c,
          written(c, TensorRole::q, data.q),
          written(c, TensorRole::k, data.k),
          written(c, TensorRole::v, data.v),
          poisoned(c, TensorRole::o),
          poisoned(c, TensorRole::lse)};
}

LogicalTensor<float> gather(const LaidOutTensor& tensor) {
  const Placement& place = tensor.place;
  LogicalTensor<float> values(place.rows, place.heads, place.width);
  const std::size_t size = bytes_of(tensor.dtype);
  const auto width = static_cast<std::size_t>(place.width);
  detail::for_each_row_in_memory(place, [&](int sequence, int row, int head, std::int64_t address) {
    load_elements(tensor.dtype, tensor.body() + static_cast<std::size_t>(address) * size,
                  {values.row(sequence, head, row), width});
  });
  return values;
}

}  // namespace flashdiff
