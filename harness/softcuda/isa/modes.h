#pragma once
#include <cstdint>

/// What a run may choose where the ISA leaves room. The same for every warp of a launch.
namespace softcuda::isa {

/// Arithmetic of mma and wmma (PTX ISA 9.7.14 and 9.7.15: "the order of accumulation ... is unspecified").
enum class TensorModel : std::uint8_t {
  fused,            ///< one IEEE fused multiply-add after the other, k rising, in the accumulator's format
  exact,            ///< products and sums in double, rounded once
  truncating_sm80,  ///< as sm_80 to sm_89 were measured: 24 fraction bits below the largest term, cut off
  truncating_sm90,  ///< as sm_90 and later were measured: 25 bits, one step over k
};

struct Modes {
  TensorModel tensor = TensorModel::fused;
  bool perturbed = false;    ///< .approx and .full of f32 moved within the ISA's bounds: isa/perturbed.h
  bool late_copies = false;  ///< cp.async data arrive at the wait, poison until then
  std::uint64_t seed = 0;    ///< of whatever is random in a launch
};

}  // namespace softcuda::isa
