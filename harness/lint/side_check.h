#pragma once
#include <cstdint>
#include <vector>

#include "harness/lint/step.h"

namespace flashdiff::lint {

/// What a check on the padding side, as several frameworks had it, says of a step, and whether it is right:
///   if mask is not None and a cache is passed and mask[:, -1].sum() != batch: raise ValueError("You are
///   attempting to perform batched generation with padding_side='right' this may lead to unexpected behaviour
///   for Flash Attention version of ...")
struct SideCheck {
  enum class Judgement : std::uint8_t {
    quiet,        ///< it passes, and nothing is padded on the right of a token
    false_alarm,  ///< it fires, and nothing goes wrong for it
    true_alarm,   ///< it fires, and `rows` go wrong
    miss          ///< it passes, and `rows` are padded on the right of a token all the same
  };
  Judgement judgement = Judgement::quiet;
  int last_column = 0;  ///< mask[:, -1].sum()
  std::vector<int> rows;
  [[nodiscard]] bool fires() const {
    return judgement == Judgement::false_alarm || judgement == Judgement::true_alarm;
  }
};
[[nodiscard]] const char* name_of(SideCheck::Judgement);
[[nodiscard]] SideCheck side_check(const Step& step);

}  // namespace flashdiff::lint
