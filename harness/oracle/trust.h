#pragma once
#include <optional>

#include "harness/oracle/wanted.h"
#include "harness/problem/case.h"

namespace flashdiff::detail {

/// Rule 6. A bug that drops a key of one sequence and head shows if it shows in any of its rows, so a case is
/// weak when some (sequence, head) with keys has no row where dropping a key of average weight leaves O's
/// budget; of gradients, when in dQ, dK or dV none of its rows shows that a pair of average size was dropped;
/// of an append, when no turned row of a (sequence, head) shows that its position was one off.
struct BlindSpot {
  TensorRole tensor = TensorRole::o;
  double weight = 1;  ///< the smallest that a dropped key (or pair) must have had to be seen, at most 1; of
                      ///< an append 1
};
/// The worst of them, or nothing where the case can be trusted.
[[nodiscard]] std::optional<BlindSpot> blind_spot(const Problem& problem, const Wanted& wanted);

}  // namespace flashdiff::detail
