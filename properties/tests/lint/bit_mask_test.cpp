#include "harness/lint/bit_mask.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/lint/any_mask.h"

namespace flashdiff::lint {
namespace {

RC_GTEST_PROP(BitMask, AnswersAsARowOfBooleansWould, ()) {
  const int columns = *rc::gen::inRange(1, 200);
  const auto bits = *rc::gen::container<std::vector<bool>>(
      static_cast<std::size_t>(columns), rc::gen::weightedElement<bool>({{3, true}, {1, false}}));
  const BitMask mask = test::mask_of({bits, bits});
  const int begin = *rc::gen::inRange(0, columns + 1), end = *rc::gen::inRange(begin, columns + 1);
  const auto b = bits.begin();
  RC_ASSERT(mask.count(1, begin, end) == std::count(b + begin, b + end, true));
  RC_ASSERT(mask.next_token(1, begin) == std::find(b + begin, bits.end(), true) - b);
  RC_ASSERT(mask.next_padding(1, begin) == std::find(b + begin, bits.end(), false) - b);
  int last = -1;
  for (int i = 0; i < columns; ++i) last = bits[static_cast<std::size_t>(i)] ? i : last;
  RC_ASSERT(mask.last_token(1) == last);
  if (end > 0) {
    const std::vector<bool> cut(b, b + end);
    RC_ASSERT(mask.first_columns(end) == test::mask_of({cut, cut}));
  }
}

}  // namespace
}  // namespace flashdiff::lint
