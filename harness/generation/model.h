#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/logical.h"
#include "harness/problem/problem.h"

namespace flashdiff::generation {

/// A decoder layer as far as attention sees it: what each token of the vocabulary is projected to, and what
/// the layer's output makes of the next token. Token 0 is padding: it has rows like any other token, as in a
/// real model, and it is never the next one.
struct Model {
  LogicalTensor<float> q;  ///< one sequence; row: token; h_q heads, d_qk columns, not turned yet, rounded
  LogicalTensor<float> k;  ///< h_kv heads, d_qk columns
  LogicalTensor<float> v;  ///< h_kv heads, d_v columns
  std::vector<float> unembedding;  ///< [token][h_q * d_v]
  DType dtype = DType::f16;
  float scale = 1;
  std::optional<Rope> rope;

  [[nodiscard]] int vocabulary() const { return q.rows(0); }
  [[nodiscard]] int outputs() const { return q.heads() * v.width(); }  ///< of a token: h_q * d_v
  /// The token with the largest logit, and by how much it leads; `o`: [h_q * d_v].
  struct Next {
    int token = 0;
    double lead = 0;
  };
  [[nodiscard]] Next next(const std::vector<double>& o) const;
  /// What any problem of the layer has: heads, dims, dtype, scale; without sequences and mask.
  [[nodiscard]] Problem problem() const;
};

/// Prompts, a list of tokens a row of the batch.
using Prompts = std::vector<std::vector<int>>;

struct Asked {
  Model model;
  Prompts prompts;
};

struct Dims {
  int h_q = 4, h_kv = 2, d = 64;
  DType dtype = DType::f16;
  int vocabulary = 96;
};
/// Weights and prompts from a seed: embeddings are normal, projections normal over the root of their width,
/// with a gain on Q and K that makes scores spread as those of trained layers do (standard deviation about
/// 2), so that a wrong key of ordinary weight shows. Rotary embedding, form `half`.
[[nodiscard]] Asked seeded(const Dims& dims, const std::vector<int>& lengths, std::uint64_t seed);

/// Prompts are the texts of a capture (harness/problem/activations.h), each row a token of its own; the model
/// goes on with whichever captured row its output points to. No rotary embedding: what was captured has its
/// positions inside. Errors: those of load_activations.
[[nodiscard]] Outcome<Asked> captured(const std::string& path, std::uint64_t seed);

}  // namespace flashdiff::generation
