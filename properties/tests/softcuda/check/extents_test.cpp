#include "harness/softcuda/check/extents.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace softcuda::check {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kBase = 1 << 20;

TEST(Box, WordsOfAnAddress) {
  // [row 5][head 2][column 8] of 2-byte elements, a row pitch of 40 bytes.
  const Box box{"k", "sequence 2", kBase, 2, {{"row", 5, 40}, {"head", 2, 16}, {"column", 8, 2}}};
  const auto words = [&](std::int64_t row, std::int64_t head, std::int64_t column) {
    return words_of(box,
                    position_in(box, kBase + static_cast<std::uint64_t>(40 * row + 16 * head + 2 * column)));
  };
  EXPECT_EQ(words(4, 1, 5), "element k[sequence 2, row 4, head 1, column 5]");
  EXPECT_EQ(words(7, 1, 5), "k, sequence 2: 3 rows behind the last (of 5), head 1, column 5");
  EXPECT_EQ(words(-1, 0, 0), "k, sequence 2: 1 row before the first, head 0, column 0");
  EXPECT_EQ(words(6, 1, 7), "k, sequence 2: 2 rows behind the last (of 5), head 1, column 7");
  EXPECT_EQ(words(3, 2, 1), "k, sequence 2: row 3, 1 head behind the last (of 2), column 1");
}

TEST(Box, HeadsOutsideOfRows) {
  const Box box{"v", "", kBase, 4, {{"row", 3, 16}, {"head", 2, 80}, {"column", 4, 4}}};
  EXPECT_EQ(words_of(box, position_in(box, kBase + 80 + 2 * 16 + 4)), "element v[row 2, head 1, column 1]");
  EXPECT_EQ(words_of(box, position_in(box, kBase + 3 * 16)),
            "v: 1 row behind the last (of 3), head 0, column 0");
  EXPECT_EQ(words_of(box, position_in(box, kBase + 80 - 16)), "v: 1 row before the first, head 1, column 0");
}

TEST(Box, WhatIsNotInsideItsAllocationIsRefused) {
  const Interval allocation{kBase, kBase + 1000};
  const auto why = [&](std::uint64_t base, std::vector<Box::Axis> axes) {
    return why_not({"k", "", base, 4, std::move(axes)}, allocation);
  };
  EXPECT_EQ(why(kBase, {{"row", 250, 4}}), "");
  EXPECT_EQ(why(kBase + 996, {{"row", 250, -4}}), "");
  EXPECT_EQ(why(kBase + 1000, {{"row", 0, 4}}), "") << "no elements";
  EXPECT_THAT(why(kBase, {{"row", 251, 4}}), HasSubstr("not inside its allocation of 1000 bytes"));
  EXPECT_THAT(why(kBase + 4, {{"row", 250, 4}}), HasSubstr("not inside"));
  EXPECT_THAT(why(kBase - 4, {{"row", 1, 4}}), HasSubstr("not inside"));
  EXPECT_THAT(why(kBase + 992, {{"row", 250, -4}}), HasSubstr("not inside"));
  EXPECT_THAT(why(kBase, {{"row", ~std::uint64_t{0}, INT64_MIN}}), HasSubstr("not inside"));
  EXPECT_THAT(why(kBase, {{"row", 1001, 0}, {"column", 1u << 31, 1}}), HasSubstr("not inside"));
  EXPECT_THAT(why(kBase, {{"", 1, 4}}), HasSubstr("without a name"));
  EXPECT_THAT(why(kBase, std::vector<Box::Axis>(9, {"row", 1, 4})), HasSubstr("at most 8"));
}

/// Whatever the strides, a byte is an element's where walking over all elements says so, and only there.
RC_GTEST_PROP(Extents, BitsAreTheElementsBytes, ()) {
  Box box{"k", "", kBase + 2000, *rc::gen::inRange<std::uint64_t>(1, 9), {}};
  for (int k = *rc::gen::inRange(0, 4); k > 0; --k)
    box.axes.push_back(
        {"axis", *rc::gen::inRange<std::uint64_t>(0, 7), *rc::gen::inRange<std::int64_t>(-90, 90)});
  const Interval allocation{kBase, kBase + 4000};
  std::vector<bool> expected(4000);
  std::vector<std::uint64_t> at(box.axes.size());
  for (bool more = !box.empty(); more;) {
    std::uint64_t address = box.base;
    for (std::size_t k = 0; k < at.size(); ++k)
      address += at[k] * static_cast<std::uint64_t>(box.axes[k].stride);
    for (std::uint64_t byte = 0; byte < box.element_bytes; ++byte) expected.at(address + byte - kBase) = true;
    more = false;
    for (std::size_t k = 0; k < at.size() && !more; ++k) {
      at[k] = (at[k] + 1) % box.axes[k].extent;
      more = at[k] != 0;
    }
  }
  Extents extents;
  RC_ASSERT(extents.add(allocation, box) == "");
  const auto map = extents.map();
  const Elements* elements = map->at(kBase);
  RC_ASSERT(elements != nullptr);
  for (std::uint64_t byte = 0; byte < 4000; ++byte)
    RC_ASSERT(elements->all(kBase + byte, 1) == expected[byte]);
  const auto first = *rc::gen::inRange<std::uint64_t>(1000, 3000),
             count = *rc::gen::inRange<std::uint64_t>(1, 300);
  const auto begin = expected.begin() + static_cast<std::ptrdiff_t>(first);
  RC_ASSERT(elements->all(kBase + first, count) ==
            std::all_of(begin, begin + static_cast<std::ptrdiff_t>(count), [](bool b) { return b; }));
}

/// Of a padded tensor with rows and columns apart, a word is spoken of as what it is.
RC_GTEST_PROP(Extents, WordsSayElementExactlyOfElements, ()) {
  const auto rows = *rc::gen::inRange<std::uint64_t>(1, 6), heads = *rc::gen::inRange<std::uint64_t>(1, 4),
             columns = *rc::gen::inRange<std::uint64_t>(1, 9), gap = *rc::gen::inRange<std::uint64_t>(0, 9);
  const auto head = static_cast<std::int64_t>(2 * columns);
  const auto row = static_cast<std::int64_t>(2 * (columns * heads + gap));
  const Box box{
      "k", "", kBase + 2000, 2, {{"row", rows, row}, {"head", heads, head}, {"column", columns, 2}}};
  Extents extents;
  RC_ASSERT(extents.add({kBase, kBase + 4000}, box) == "");
  const auto map = extents.map();
  for (std::uint64_t at = kBase + 1000; at < kBase + 3500; ++at)
    RC_ASSERT(map->at(at)->all(at, 1) == (extents.words(kBase, at).rfind("element ", 0) == 0));
}

TEST(Extents, AnAllocationWithoutElementsIsAllPadding) {
  Extents extents;
  EXPECT_EQ(extents.map(), nullptr);
  EXPECT_EQ(extents.add({kBase, kBase + 64}, {"workspace", "", kBase, 1, {{"byte", 0, 1}}}), "");
  EXPECT_FALSE(extents.map()->at(kBase)->all(kBase, 1));
  EXPECT_EQ(extents.map()->at(kBase + 64), nullptr);
  EXPECT_EQ(extents.words(kBase, kBase), "workspace has no elements");
}

}  // namespace
}  // namespace softcuda::check
