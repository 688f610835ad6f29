#include "properties/heads.h"

#include <algorithm>
#include <bit>

#include "properties/choices.h"

namespace flashdiff {

rc::Gen<Heads> any_heads() {
  return rc::gen::exec([] {
    const int h_kv = *rc::gen::weightedElement<int>({{5, 1}, {3, 2}, {2, 3}, {1, 4}});
    const int group = *rc::gen::weightedElement<int>({{5, 1}, {3, 2}, {3, 3}, {2, 7}});
    return Heads{h_kv * group, h_kv};
  });
}

rc::Gen<int> any_head_dim(int largest) {
  const auto drawn = rc::gen::weightedOneOf<int>({
      {5, rc::gen::element(16, 32, 64, 128)},             // what models have
      {5, rc::gen::element(8, 24, 40, 72, 80, 96, 112)},  // multiples of 8 that tiles do not divide
      {3, rc::gen::element(1, 2, 3, 7, 17, 33, 65, 100, 127)},
      {1, whole(1, 129)},
  });
  return rc::gen::map(drawn, [largest](int d) { return std::min(d, largest); });
}

rc::Gen<HeadDims> any_head_dims(int largest) {
  return rc::gen::exec([largest] {
    const int d_qk = *any_head_dim(largest);
    const bool same = *rc::gen::weightedElement<bool>({{3, true}, {2, false}});
    return HeadDims{d_qk, same ? d_qk : *any_head_dim(largest)};
  });
}

namespace {

std::vector<std::string> kind_of_head_dim(const Case& c) {
  const auto d = static_cast<unsigned>(c.problem.d_qk);
  if (d == 1) return {"1"};
  if (std::has_single_bit(d)) return {"power-of-2"};
  return {d % 8 == 0 ? "multiple-of-8" : "odd-size"};
}

std::vector<std::string> kind_of_value_dim(const Case& c) {
  if (c.problem.d_v == c.problem.d_qk) return {"as-d"};
  return {c.problem.d_v < c.problem.d_qk ? "smaller" : "larger"};
}

std::vector<std::string> kind_of_group(const Case& c) {
  const int group = c.problem.group();
  for (int known : {1, 2, 3, 7})
    if (group == known) return {std::to_string(group)};
  return {"other"};
}

}  // namespace

std::vector<Axis> head_axes() {
  return {
      {"d", {"1", "power-of-2", "multiple-of-8", "odd-size"}, kind_of_head_dim},
      {"dv", {"as-d", "smaller", "larger"}, kind_of_value_dim},
      {"heads-per-kv", {"1", "2", "3", "7", "other"}, kind_of_group},
      {"kv-heads",
       {"1", "2", "3+"},
       [](const Case& c) {
         return std::vector<std::string>{c.problem.h_kv > 2 ? "3+" : std::to_string(c.problem.h_kv)};
       }},
  };
}

}  // namespace flashdiff
