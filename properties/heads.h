#pragma once
#include <vector>

#include <rapidcheck.h>

#include "properties/axis.h"

namespace flashdiff {

struct Heads {
  int h_q = 1, h_kv = 1;
};
struct HeadDims {
  int d_qk = 64, d_v = 64;
};

[[nodiscard]] rc::Gen<Heads> any_heads();  ///< h_q / h_kv in {1, 2, 3, 7}, up to four K/V heads
[[nodiscard]] rc::Gen<int> any_head_dim(int largest);
[[nodiscard]] rc::Gen<HeadDims> any_head_dims(int largest);  ///< d_v differs from d_qk in two cases of five

[[nodiscard]] std::vector<Axis> head_axes();

}  // namespace flashdiff
