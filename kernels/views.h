#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/problem/laid_out.h"
#include "kernels/params.h"

/// From the harness's terms to params.h; shared by every plan.
namespace flashdiff::kernels {

/// `body`: device address of the tensor's body.
[[nodiscard]] TensorView view_of(const LaidOutTensor& tensor, std::uint64_t body);

/// One Sequence a batch entry, as bytes to upload.
[[nodiscard]] std::vector<std::byte> sequences_of(const LaidOut& io);

[[nodiscard]] MaskParams mask_of(const Mask& mask);

}  // namespace flashdiff::kernels
