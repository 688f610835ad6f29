#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/logical.h"

namespace flashdiff {

/// A capture of what a real model handed to an attention layer: safetensors with q, k, v as F16, BF16 or F32
/// [batch, seq, heads, d] (right-padded), attention_mask as I32 [batch, seq], and optionally o_f32, the
/// model's own output as F32 [batch, seq, h_q, d_v], for a cross-check. The text `scale` in the metadata says
/// the softmax scale; without it, 1/sqrt(d).
struct Activations {
  std::vector<int> lengths;  ///< valid rows of each text
  int h_q = 0, h_kv = 0, d_qk = 0, d_v = 0;
  DType dtype = DType::f16;
  float scale = 0;
  LogicalData data;                   ///< one sequence a text
  LogicalTensor<float> model_output;  ///< empty when the file has none
};

/// Errors (bad_input): not there, truncated, header that is not JSON, a missing tensor, a wrong dtype or
/// shape, a mask that is not right-padded, a valid row that is not finite. Reads are cached by path for the
/// life of the program (a worker meets the same file in every case); any thread may call.
[[nodiscard]] Outcome<const Activations*> load_activations(const std::string& path);

/// The same from bytes in memory, not cached; `name` stands in the errors for the file.
[[nodiscard]] Outcome<Activations> read_activations(std::span<const std::byte> bytes,
                                                    const std::string& name);

}  // namespace flashdiff
