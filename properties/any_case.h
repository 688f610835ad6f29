#pragma once
#include <rapidcheck.h>

#include "harness/problem/case.h"
#include "properties/axis.h"
#include "properties/features.h"

namespace flashdiff {

/// Valid cases that reach what breaks attention kernels. Values only: simpler.h says how a case shrinks.
/// Those of another pass than forward are what the forward pass would be asked: backward the same, out of
/// pages unless some are allowed, since who computes gradients has no cache; appends as appends.h makes them.
[[nodiscard]] rc::Gen<Case> any_case(const CaseOptions& options);

[[nodiscard]] Axis pass_axis();

}  // namespace flashdiff
