#include "kernels/views.h"

#include <numbers>

#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"

namespace flashdiff::kernels {

TensorView view_of(const LaidOutTensor& tensor, std::uint64_t body) {
  const Placement& place = tensor.place;
  return {body + static_cast<std::uint64_t>(place.origin) * bytes_of(tensor.dtype), place.batch_stride,
          place.row_stride, place.head_stride};
}

std::vector<std::byte> sequences_of(const LaidOut& io) {
  const auto& lengths = io.question.problem.sequences;
  std::vector<Sequence> made(lengths.size());
  for (std::size_t s = 0; s < lengths.size(); ++s)
    made[s] = {io.q.place.first_row[s], io.k.place.first_row[s], lengths[s].q_len, lengths[s].kv_len};
  std::vector<std::byte> bytes;
  append(bytes, made);
  return bytes;
}

Paging paging_of(const Placement& place, std::uint64_t table) {
  if (place.page == 0) return {};
  const auto page = static_cast<std::uint32_t>(place.page);
  return {table, place.table_columns, place.page,
          static_cast<std::uint32_t>(((std::uint64_t{1} << 32) + page - 1) / page)};
}

MaskParams mask_of(const Mask& mask) {
  const auto side = [](int keys) { return keys == Mask::unbounded ? MaskParams::unbounded : keys; };
  switch (mask.kind) {
    case MaskKind::none: break;
    case MaskKind::causal_top_left: return {0, MaskParams::unbounded, 0};
    case MaskKind::causal_bottom_right: return {1, MaskParams::unbounded, 0};
    case MaskKind::window: return {1, side(mask.left), side(mask.right)};
  }
  return {};
}

bool is_aligned(const LaidOut& io) {
  const Pass pass = io.question.problem.pass;
  for (const auto roles : {inputs_of(pass), outputs_of(pass)})
    for (const TensorRole role : roles) {
      if (role == TensorRole::lse || role == TensorRole::rope) continue;  // go by elements
      const Placement& place = io.of(role).place;
      for (const std::int64_t elements :
           {place.origin, place.batch_stride, place.row_stride, place.head_stride})
        if (elements % 8 != 0) return false;
    }
  return true;
}

Numerics tensor_core_numerics(const Problem& problem) {
  Numerics n;
  n.p = n.out = problem.dtype;
  n.qk = n.pv = Accumulation::f32_tensor_core;
  n.exp2_ulps = 2.0;          // PTX ISA, ex2.approx.ftz.f32: maximum relative error 2^-22 or 2 ulp
  n.rcp_ulps = 0.5;           // rcp.rn
  n.log2_absolute = 0x1p-22;  // lg2.approx
  n.flush_subnormals = true;  // ex2.approx.ftz and lg2.approx.ftz
  return n;
}

double scale_of(const Problem& problem) {
  return problem.softcap ? *problem.softcap : problem.softmax_scale();
}

float scale_log2_of(const Problem& problem) {
  return static_cast<float>(scale_of(problem) * std::numbers::log2e);
}

std::vector<std::byte> modifiers_of(const Problem& problem, double unit) {
  std::vector<float> values;
  const auto put = [&](float (*of)(const Problem&, int)) {
    for (int head = 0; head < problem.h_q; ++head)
      values.push_back(static_cast<float>(of(problem, head) / unit));
  };
  if (problem.alibi) put(alibi_slope);
  if (problem.sink) put(sink_logit);
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

ModifierParams modifiers_at(const Problem& problem, std::uint64_t address) {
  ModifierParams params;
  if (problem.softcap)
    params.softcap_argument = static_cast<float>(problem.softmax_scale() / *problem.softcap);
  if (problem.alibi) {
    params.slopes = address;
    address += static_cast<std::uint64_t>(problem.h_q) * sizeof(float);
  }
  if (problem.sink) params.sinks = address;
  return params;
}

std::size_t append(std::vector<std::byte>& metadata, std::span<const std::byte> bytes) {
  const std::size_t begin = (metadata.size() + 7) / 8 * 8;
  metadata.resize(begin);
  metadata.insert(metadata.end(), bytes.begin(), bytes.end());
  return begin;
}

}  // namespace flashdiff::kernels
