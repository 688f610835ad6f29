#include "harness/problem/laid_out.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "harness/problem/names.h"
#include "harness/problem/numbers.h"
#include "harness/problem/poison.h"
#include "harness/problem/rows_in_memory.h"

namespace flashdiff {
namespace {

LaidOutTensor poisoned(const Case& c, TensorRole role) {
  LaidOutTensor tensor;
  tensor.role = role;
  tensor.dtype = dtype_of(c.problem, role);
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
  if (values.sequences() != static_cast<int>(tensor.place.rows.size()) ||
      values.heads() != tensor.place.heads || values.width() != tensor.place.width)
    throw std::invalid_argument(fmt::format("lay_out: {} is missing or of another shape", name_of(role)));
  const std::size_t size = bytes_of(tensor.dtype);
  const auto width = static_cast<std::size_t>(values.width());
  detail::for_each_row_in_memory(tensor.place, [&](int sequence, int row, int head, std::int64_t address) {
    store_elements(tensor.dtype, tensor.body() + static_cast<std::size_t>(address) * size,
                   {values.row(sequence, head, row), width});
  });
  return tensor;
}

const LogicalTensor<float>& values_of(const LogicalData& data, TensorRole input) {
  switch (input) {
    case TensorRole::q: return data.q;
    case TensorRole::k: return data.k;
    case TensorRole::v: return data.v;
    case TensorRole::o: return data.o;
    case TensorRole::lse: return data.lse;
    case TensorRole::d_o: return data.d_o;
    case TensorRole::k_new: return data.k;
    case TensorRole::v_new: return data.v;
    case TensorRole::rope: return data.rope;
    case TensorRole::dq:
    case TensorRole::dk:
    case TensorRole::dv:
    case TensorRole::q_rot: break;
  }
  throw std::invalid_argument("a tensor that is no input of any pass");
}

/// In the order of TensorRole.
constexpr std::array kTensors{&LaidOut::q,     &LaidOut::k,     &LaidOut::v,   &LaidOut::o,  &LaidOut::lse,
                              &LaidOut::d_o,   &LaidOut::dq,    &LaidOut::dk,  &LaidOut::dv, &LaidOut::k_new,
                              &LaidOut::v_new, &LaidOut::q_rot, &LaidOut::rope};

}  // namespace

LaidOutTensor& LaidOut::of(TensorRole role) { return this->*kTensors[static_cast<std::size_t>(role)]; }
const LaidOutTensor& LaidOut::of(TensorRole role) const {
  return this->*kTensors[static_cast<std::size_t>(role)];
}

LaidOut lay_out(const Case& c, const LogicalData& data) {
  LaidOut laid;
  laid.question = c;
  for (TensorRole role : inputs_of(c.problem.pass)) laid.of(role) = written(c, role, values_of(data, role));
  for (TensorRole role : outputs_of(c.problem.pass)) {
    laid.of(role) = poisoned(c, role);
    laid.of(role).output = true;
  }
  return laid;
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
