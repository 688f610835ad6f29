#pragma once
#include <memory>

#include "harness/backend/backend.h"

namespace flashdiff {

/// How causal masks reach it.
enum class CausalBy {
  mask,  ///< in the one explicit mask
  flag   ///< by the operation's own flag beside that mask, as a caller might: it then ignores the mask, so
         ///< that rows see what padding lies in front of them
};

/// A vendor's fused attention that executes on the processor: OpenVINO's ScaledDotProductAttention, forward,
/// one thread; "openvino", or "openvino_causal" by the flag. Errors (unsupported): OpenVINO is not installed,
/// or cannot be used, in words.
[[nodiscard]] Outcome<std::unique_ptr<Backend>> openvino_backend(CausalBy causal = CausalBy::mask);

}  // namespace flashdiff
