#pragma once
#include <memory>

#include "harness/oracle/wanted.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::detail {

/// Inputs of a problem and what a backend of these numerics should answer: nothing of it depends on the
/// layout.
struct Expected {
  Problem problem;
  Numerics numerics;
  LogicalData data;
  Wanted wanted;
  double reference_ms = 0;  ///< what the reference took
};

/// Computed, or remembered from the case before: the last two problems of the calling thread are kept, since
/// shrinking and captures ask the same problem in many layouts. `fresh` says which it was. Errors: those of
/// make_given.
struct Found {
  std::shared_ptr<const Expected> expected;
  bool fresh = false;
};
[[nodiscard]] Outcome<Found> expected_of(const Problem& problem, const Numerics& numerics);

}  // namespace flashdiff::detail
