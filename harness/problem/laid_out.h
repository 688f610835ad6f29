#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/problem/case.h"
#include "harness/problem/logical.h"

namespace flashdiff {

/// One tensor as bytes: guard band, body (poison, with the logical rows written in for inputs), guard band.
struct LaidOutTensor {
  static constexpr std::size_t guard_bytes = 512;  ///< each side; keeps the body's alignment
  TensorRole role = TensorRole::q;
  bool output = false;  ///< of the case's pass: its logical rows are there to be written
  DType dtype = DType::f32;
  Placement place;
  std::vector<std::byte> bytes;
  [[nodiscard]] std::byte* body() { return bytes.data() + guard_bytes; }
  [[nodiscard]] const std::byte* body() const { return bytes.data() + guard_bytes; }
  [[nodiscard]] std::size_t body_bytes() const { return bytes.size() - 2 * guard_bytes; }
};

/// A case in memory: inputs written, everything else poisoned, outputs all poison (bit patterns vary with the
/// address, so that a shifted write shows). Tensors that the case's pass does not have hold no bytes.
struct LaidOut {
  Case question;
  LaidOutTensor q, k, v;
  LaidOutTensor o, lse;  ///< outputs of the forward pass, inputs of the backward one
  LaidOutTensor d_o, dq, dk, dv;
  LaidOutTensor k_new, v_new, q_rot, rope;  ///< of an append, whose outputs are q_rot, k and v

  [[nodiscard]] LaidOutTensor& of(TensorRole role);
  [[nodiscard]] const LaidOutTensor& of(TensorRole role) const;
};

/// `data`: as make_data has it, O and LSE filled in where the pass is handed them.
[[nodiscard]] LaidOut lay_out(const Case& c, const LogicalData& data);

/// A byte that no logical row maps to and that changed: where, in words a person can use.
struct Touched {
  TensorRole role = TensorRole::o;
  std::int64_t element = 0;  ///< offset in the body, in elements; negative or past the end: a guard band
  std::string where;  ///< "sequence 2, padding row 3 left of row 0, head 1, column 7" or "guard band, 12
                      ///< bytes before"
};

/// Compares what came back with what was sent: padding, gaps and guard bands of outputs, and all of the
/// inputs. At most `limit` are described; `count` in the result tells how many there were.
struct TouchedReport {
  std::int64_t count = 0;
  std::vector<Touched> first;
};
[[nodiscard]] TouchedReport find_touched(const LaidOutTensor& sent, const LaidOutTensor& back, int limit = 8);

/// Reads the logical rows of a tensor back, each element widened to float, which is exact.
[[nodiscard]] LogicalTensor<float> gather(const LaidOutTensor& tensor);

}  // namespace flashdiff
