#include "kernels/views.h"

#include <cstring>

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
  std::vector<std::byte> bytes(made.size() * sizeof(Sequence));
  if (!bytes.empty()) std::memcpy(bytes.data(), made.data(), bytes.size());
  return bytes;
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

}  // namespace flashdiff::kernels
