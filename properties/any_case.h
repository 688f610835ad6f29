#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/case.h"
#include "properties/axis.h"

namespace flashdiff {

/// What random cases are made of; an empty list allows everything.
struct CaseOptions {
  std::vector<Padding> paddings;
  std::vector<int> pages;
  std::vector<DType> dtypes;
  std::vector<MaskKind> masks;   ///< an append has none
  std::vector<DataFamily> data;  ///< `file` is never drawn
  int largest_head_dim = 128;    ///< what the in-repo kernels take
  int most_queries = 0;          ///< of a sequence, over many keys: for who decodes; 0: any number
  Pass pass = Pass::forward;
};

/// Valid cases that reach what breaks attention kernels. Values only: simpler.h says how a case shrinks.
/// Those of another pass than forward are what the forward pass would be asked: backward the same, out of
/// pages unless some are allowed, since who computes gradients has no cache; appends as appends.h makes them.
[[nodiscard]] rc::Gen<Case> any_case(const CaseOptions& options);

[[nodiscard]] Axis pass_axis();

}  // namespace flashdiff
