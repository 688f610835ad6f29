#pragma once
#include <vector>

#include <rapidcheck.h>

#include "properties/axis.h"
#include "properties/features.h"

namespace flashdiff {

struct Heads {
  int h_q = 1, h_kv = 1;
};
struct HeadDims {
  int d_qk = 64, d_v = 64;
};

/// h_q / h_kv in {1, 2, 3, 7}, up to four K/V heads.
[[nodiscard]] rc::Gen<Heads> any_heads(const CaseOptions& options);
/// Of one of these kinds, at most `largest`: the kinds are left where none of them is so small. Where
/// `largest` is above the usual, half of those of a kind that has larger ones are, too.
[[nodiscard]] rc::Gen<int> any_head_dim(const std::vector<HeadDimKind>& kinds, int largest);
/// d_v, of any kind, differs from d_qk in two cases of five.
[[nodiscard]] rc::Gen<HeadDims> any_head_dims(const CaseOptions& options);

[[nodiscard]] HeadDimKind kind_of_head_dim(int d);
/// The largest of its kind that is at most `most`; where there is none, `d` itself.
[[nodiscard]] int narrower(int d, int most);

[[nodiscard]] std::vector<Axis> head_axes();

}  // namespace flashdiff
