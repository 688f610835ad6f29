#pragma once
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/logical.h"

namespace flashdiff {

/// A capture of what a real model handed to an attention layer: safetensors with q, k, v as f16 or f32
/// [batch, seq, heads, d] (right-padded), attention_mask as i32 [batch, seq], and optionally o_f32, the
/// model's own output, for a cross-check.
struct Activations {
  std::vector<int> lengths;  ///< valid rows of each text
  int h_q = 0, h_kv = 0, d_qk = 0, d_v = 0;
  DType dtype = DType::f16;
  float scale = 0;
  LogicalData data;                   ///< one sequence a text
  LogicalTensor<float> model_output;  ///< empty when the file has none
};

/// Errors (bad_input): not there, truncated, header that is not JSON, a missing tensor, a wrong dtype or
/// shape, a mask that is not right-padded. Reads are cached by path: a worker meets the same file in every
/// case.
[[nodiscard]] Outcome<const Activations*> load_activations(const std::string& path);

}  // namespace flashdiff
