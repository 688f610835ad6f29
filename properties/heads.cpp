#include "properties/heads.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "properties/choices.h"

namespace flashdiff {
namespace {

int smallest_of(HeadDimKind kind) {
  for (int d = 1;; ++d)
    if (kind_of_head_dim(d) == kind) return d;
}

/// Of the kind, those above the usual.
std::vector<int> large_of(HeadDimKind kind, int largest) {
  std::vector<int> large;
  for (int d = CaseOptions::usual_head_dim + 1; d <= largest; ++d)
    if (kind_of_head_dim(d) == kind) large.push_back(d);
  return large;
}

}  // namespace

rc::Gen<Heads> any_heads(const CaseOptions& options) {
  return rc::gen::exec([grouped = options.may_have(Extra::group)] {
    const int h_kv = *rc::gen::weightedElement<int>({{5, 1}, {3, 2}, {2, 3}, {1, 4}});
    const int group = grouped ? *rc::gen::weightedElement<int>({{3, 2}, {3, 3}, {2, 7}}) : 1;
    return Heads{h_kv * group, h_kv};
  });
}

rc::Gen<int> any_head_dim(const std::vector<HeadDimKind>& kinds, int largest) {
  return rc::gen::exec([kinds, largest] {
    std::vector<HeadDimKind> possible = kinds;
    std::erase_if(possible, [&](HeadDimKind kind) { return smallest_of(kind) > largest; });
    using Kind = HeadDimKind;
    const Kind kind = *one_of_weighted<Kind>(
        {{1, Kind::one}, {11, Kind::power_of_2}, {10, Kind::multiple_of_8}, {7, Kind::odd_size}}, possible);
    if (const std::vector<int> large = large_of(kind, largest); !large.empty() && *chance(1, 2))
      return *rc::gen::elementOf(large);
    const auto drawn = [kind] {
      switch (kind) {
        case Kind::one: return rc::gen::just(1);
        case Kind::power_of_2:  // what models have, and two smaller ones
          return rc::gen::weightedElement<int>({{3, 16}, {3, 32}, {3, 64}, {3, 128}, {1, 8}, {1, 2}});
        case Kind::multiple_of_8: return rc::gen::element(24, 40, 72, 80, 96, 112);  // as tiles do not divide
        case Kind::odd_size:
          return rc::gen::oneOf(rc::gen::element(3, 7, 17, 33, 65, 100, 127), whole(2, 129));
      }
      throw std::invalid_argument("a kind that no head dim is of");
    }();
    const int d = *drawn;
    return d <= largest ? d : narrower(d, largest);
  });
}

rc::Gen<HeadDims> any_head_dims(const CaseOptions& options) {
  return rc::gen::exec([options] {
    const int d_qk = *any_head_dim(options.head_dims, options.largest_head_dim);
    const bool other = options.may_have(Extra::other_d_v) && *chance(4, 5);
    return HeadDims{d_qk, other ? *any_head_dim({}, options.largest_head_dim) : d_qk};
  });
}

HeadDimKind kind_of_head_dim(int d) {
  if (d == 1) return HeadDimKind::one;
  if (std::has_single_bit(static_cast<unsigned>(d))) return HeadDimKind::power_of_2;
  return d % 8 == 0 ? HeadDimKind::multiple_of_8 : HeadDimKind::odd_size;
}

int narrower(int d, int most) {
  for (int less = std::min(d, most); less > 0; --less)
    if (kind_of_head_dim(less) == kind_of_head_dim(d)) return less;
  return d;
}

namespace {

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
      axis_of_names<HeadDimKind>("d", [](const Case& c) { return kind_of_head_dim(c.problem.d_qk); }),
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
