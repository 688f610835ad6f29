#pragma once
#include "reference/eigen_types.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"
#include "reference/score_modifiers.h"

namespace flashdiff::detail {

/// Query rows of a block in double, columns are rows of the block. The maps point into memory of the thread
/// that made them: valid until it makes the next.
struct BlockQueries {
  Matrix scaled_q;  ///< d_qk x rows, the softmax scale multiplied in
  Matrix d_o;       ///< d_v x rows
  Row lse;          ///< rows; 0 where a row sees no key, and is not used there
  Row d;            ///< rows; D = dO . O
  ScoreModifiers modifiers;
};
[[nodiscard]] BlockQueries block_queries(const Problem& problem, const LogicalData& data, BlockPlace at,
                                         const BlockKeys& keys);

/// One step of a block: keys [begin, begin + P's rows), columns are rows of the block. 0 where a row does not
/// see the key.
struct GradientStep {
  int begin = 0;
  Matrix p;     ///< exp(score - LSE)
  Matrix t;     ///< dP - D, unmasked
  Matrix ds;    ///< with respect to scale q.k: P (dP - D), times 1 - tanh^2 where there is a softcap
  Matrix tanh;  ///< of scale q.k / softcap; empty where there is none
};

/// The step of keys [begin, begin + size).
[[nodiscard]] GradientStep gradient_step(const BlockQueries& queries, const KeyValues& kv,
                                         const BlockKeys& keys, int begin, int size);

}  // namespace flashdiff::detail
