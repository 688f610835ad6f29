#pragma once
#include "reference/eigen_types.h"
#include "reference/operands.h"
#include "reference/row_blocks.h"

namespace flashdiff::detail {

/// Query rows of a block in double, columns are rows of the block. The maps point into memory of the thread
/// that made them: valid until it makes the next.
struct BlockQueries {
  Matrix scaled_q;  ///< d_qk x rows, the softmax scale multiplied in
  Matrix d_o;       ///< d_v x rows
  Row lse;          ///< rows; 0 where a row sees no key, and is not used there
  Row d;            ///< rows; D = dO . O
};
[[nodiscard]] BlockQueries block_queries(const LogicalData& data, double scale, BlockPlace at,
                                         const BlockKeys& keys);

/// One step of a block: keys [begin, begin + P's rows), columns are rows of the block. 0 where a row does not
/// see the key.
struct GradientStep {
  int begin = 0;
  Matrix p;   ///< exp(score - LSE)
  Matrix t;   ///< dP - D, unmasked
  Matrix ds;  ///< P (dP - D)
};

/// The step of keys [begin, begin + size).
[[nodiscard]] GradientStep gradient_step(const BlockQueries& queries, const KeyValues& kv,
                                         const BlockKeys& keys, int begin, int size);

}  // namespace flashdiff::detail
