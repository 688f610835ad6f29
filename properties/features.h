#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/case.h"
#include "harness/problem/names.h"
#include "properties/extras.h"

namespace flashdiff {

template <>
inline constexpr std::array all_of<Phase>{Phase::prefill, Phase::chunked, Phase::decode, Phase::cross,
                                          Phase::mixed};

/// Kinds of a head dim: what models have, what tiles of 16 divide and powers of two do not, and all else.
enum class HeadDimKind : std::uint8_t { one, power_of_2, multiple_of_8, odd_size };
template <>
inline constexpr std::array all_of<HeadDimKind>{HeadDimKind::one, HeadDimKind::power_of_2,
                                                HeadDimKind::multiple_of_8, HeadDimKind::odd_size};
[[nodiscard]] const char* name_of(HeadDimKind);

/// What random cases are made of; an empty list allows everything.
struct CaseOptions {
  static constexpr int usual_head_dim = 128;  ///< what all in-repo kernels take, and most models have
  std::vector<Padding> paddings;
  std::vector<int> pages;
  std::vector<DType> dtypes;
  std::vector<MaskKind> masks;   ///< an append has none
  std::vector<DataFamily> data;  ///< `file` is never drawn
  std::vector<Phase> phases;     ///< mostly: what is taken away of a case that is too much work may change it
  std::vector<HeadDimKind> head_dims;
  std::vector<Extra> without;  ///< what no case has
  int largest_head_dim = usual_head_dim;
  int most_queries = 0;  ///< of a sequence, over many keys: for who decodes; 0: any number
  Pass pass = Pass::forward;

  [[nodiscard]] bool may_have(Extra extra) const;
};

/// Swarm testing (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, ISSTA 2012): what each case may have is a
/// random part of what all may have, each class and each extra with a chance of one half, head dims excepted:
/// a case of head dim 1 sees little. A case that may have everything mostly has a little of everything;
/// without some features the others come together, in numbers, and what one of them hides another cannot.
[[nodiscard]] rc::Gen<CaseOptions> any_part_of(const CaseOptions& options);

/// For every second index: a pair of classes (pairs.h) that the case is asked to be in, each pair in turn, in
/// an order that the seed begins somewhere. Rare pairs are then reached as soon as the others are: all of
/// them in twice as many cases as there are pairs, but for what one pass or kernel cannot have.
[[nodiscard]] CaseOptions steered(const CaseOptions& options, std::uint64_t seed, std::uint64_t index);

}  // namespace flashdiff
