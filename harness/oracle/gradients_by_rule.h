#pragma once
#include <limits>
#include <optional>

#include "harness/problem/layout.h"
#include "harness/problem/logical.h"

namespace flashdiff::detail {

/// How the gradients of one K/V head come about: as asked, or as some hypothesis has it (names as in
/// reference/backward.h).
struct GradientRule {
  Mask mask;
  KeyRange queries{0, std::numeric_limits<int>::max()};  ///< those that take part
  KeyRange keys{0, std::numeric_limits<int>::max()};
  KeyRange heads{0, std::numeric_limits<int>::max()};  ///< of the group, whose pairs dK and dV add up
  int kv_head = 0;                                     ///< whose K and V are read
  double score_scale = 1;                              ///< of q.k, in the exponent
  double softcap = 0;                                  ///< 0: none
  bool slope_of_softcap = true;                        ///< dS is multiplied with 1 - tanh^2
  bool alibi = false;
  double scale = 1;         ///< of dQ and dK in the end
  double lse = 1;           ///< what LSE is multiplied with
  bool subtracts_d = true;  ///< dS = P (dP - D), else P dP
};

/// As the problem asks.
[[nodiscard]] GradientRule gradient_rule(const Problem& problem, int kv_head);

/// dQ of the query heads that share a K/V head, and its dK and dV, of one sequence: one "sequence" each, with
/// the group's heads (one head).
struct HeadGradients {
  LogicalTensor<double> dq, dk, dv;
  [[nodiscard]] const LogicalTensor<double>& of(TensorRole gradient) const;
};
[[nodiscard]] HeadGradients gradients_by(const GradientRule& rule, const Problem& problem,
                                         const LogicalData& data, int sequence, int kv_head);

}  // namespace flashdiff::detail
