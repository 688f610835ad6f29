#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/problem/laid_out.h"
#include "harness/problem/numerics.h"
#include "kernels/paging.h"
#include "kernels/params.h"

/// From the harness's terms to params.h, and what kernels of a kind declare; shared by every plan.
namespace flashdiff::kernels {

/// `body`: device address of the tensor's body.
[[nodiscard]] TensorView view_of(const LaidOutTensor& tensor, std::uint64_t body);

/// One Sequence a batch entry, as bytes to upload.
[[nodiscard]] std::vector<std::byte> sequences_of(const LaidOut& io);

/// Of K or V, with its block table at the device address `table`.
[[nodiscard]] Paging paging_of(const Placement& place, std::uint64_t table);

[[nodiscard]] MaskParams mask_of(const Mask& mask);

/// Rows of the pass's tensors, but for LSE and the table of cosines, start at multiples of 16 bytes, wherever
/// the sequence: they can be copied 16 bytes at a time.
[[nodiscard]] bool is_aligned(const LaidOut& io);

/// Declared by all kernels on tensor cores: f32 accumulators, P and what goes out rounded to the dtype,
/// ex2.approx and lg2.approx with .ftz, rcp.rn.
[[nodiscard]] Numerics tensor_core_numerics(const Problem& problem);

/// What a kernel's raw score, q.k or tanh of it, is multiplied with to be a score: softmax scale, or softcap.
[[nodiscard]] double scale_of(const Problem& problem);
/// The same to be in units of log2.
[[nodiscard]] float scale_log2_of(const Problem& problem);

/// Of CUDA's tanhf, as nvcc makes it: 1 - 2 rcp(1 + ex2(2 log2(e) |x|)) from |x| = 0.6 on, a polynomial
/// below. Largest at 0.6: of the ISA's 2^-22 of ex2.approx arrive 0.66, of 2^-23 of rcp.approx 0.86, and 1.2
/// of 2^-23 of four roundings: 1.7 * 2^-22. (The CUDA guide has 2 ulp, so 2^-22, for the ex2 and rcp that
/// GPUs have.)
inline constexpr double kTanhRelative = 0x1p-21;

/// Slopes, then sinks, of each query head, those that the problem has, f32, to upload. `unit`: of a slope and
/// a sink in the kernel, in scores: ln(2) where it adds them to scores in units of log2, scale_of() where to
/// raw ones.
[[nodiscard]] std::vector<std::byte> modifiers_of(const Problem& problem, double unit);
/// With those bytes at `address`.
[[nodiscard]] ModifierParams modifiers_at(const Problem& problem, std::uint64_t address);

/// Adds bytes, or plain structs, to metadata, from a multiple of 8 on; returns where they begin.
std::size_t append(std::vector<std::byte>& metadata, std::span<const std::byte> bytes);
template <class Struct>
std::size_t append(std::vector<std::byte>& metadata, const std::vector<Struct>& values) {
  return append(metadata, std::as_bytes(std::span(values)));
}

}  // namespace flashdiff::kernels
