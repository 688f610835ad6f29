#pragma once
#include <cstdint>

#include "harness/problem/problem.h"

namespace flashdiff {

/// How a matrix product adds up. The budget takes the widest of what the ISA leaves open for the declared
/// one.
enum class Accumulation : std::uint8_t {
  f64,              ///< double throughout: the reference as a backend
  f32_fma,          ///< f32, one fused multiply-add a term, in any order
  f32_tensor_core,  ///< f32 accumulator of a tensor core: products exact, sums possibly truncated (see mma
                    ///< models)
};

/// What a backend promises about its arithmetic: the budget is derived from this and from nothing else.
struct Numerics {
  DType p = DType::f32;             ///< P = exp(score - max) is rounded to this before P times V
  bool sum_uses_rounded_p = false;  ///< the row sum adds the rounded P (true) or the f32 one (false)
  DType ds = DType::f32;            ///< backward: dS is rounded to this before its products with K and Q
  Accumulation qk = Accumulation::f32_fma;  ///< S; backward also dP
  Accumulation pv = Accumulation::f32_fma;  ///< O; backward dQ, dK, dV
  double exp2_ulps = 2.0;          ///< error bound of exp2 in f32 ulps (PTX ISA, ex2.approx.f32: 2 ulp)
  double rcp_ulps = 1.0;           ///< bound of the final division or reciprocal (rcp.approx.f32: 1 ulp)
  double log2_absolute = 0x1p-22;  ///< lg2.approx.f32, absolute near 1, else relative of the same size
  double tanh_relative = 0x1p-11;  ///< of softcap's tanh (PTX ISA, tanh.approx.f32: relative error 2^-11)
  bool flush_subnormals = false;   ///< f32 subnormals may become zero anywhere (--use_fast_math, .ftz)
  int kv_tile = 64;  ///< keys between two rescalings of the accumulator; backward: keys (or queries) whose
                     ///< sum is one term of a sum in f32, by atomics for instance
  int merges = 0;    ///< rescalings of a weight beyond those: of parts that warps or splits summed
  bool whole_rows = false;       ///< softmax of a whole row before P times V: no rescaling, and the P that is
                                 ///< rounded and multiplied with V is divided by its sum already
  DType out = DType::f32;        ///< O, or the gradients, are rounded to this
  bool deterministic = true;     ///< same bits on every run, whatever the padding around the rows
  bool dq_in_any_order = false;  ///< but for dQ: what adds up to it is added in an order that is left open
  bool pages_keep_bits = false;  ///< and whether or not K and V lie in pages
  bool gives_lse = true;         ///< forward: LSE is written; else it is neither judged nor reported
  bool operator==(const Numerics&) const = default;
};

}  // namespace flashdiff
