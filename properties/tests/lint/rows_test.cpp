#include "harness/lint/rows.h"

#include <gtest/gtest.h>

#include "properties/tests/lint/any_mask.h"

namespace flashdiff::lint {
namespace {

struct Known {
  const char* row;
  RowClass cls;
  int tokens, first, last, left, right, holes;
};

TEST(Rows, HaveTheirClassAndLengths) {
  for (const Known& known :
       {Known{"111", RowClass::full, 3, 0, 2, 0, 0, 0}, Known{"011", RowClass::left, 2, 1, 2, 1, 0, 0},
        Known{"110", RowClass::right, 2, 0, 1, 0, 1, 0}, Known{"010", RowClass::both, 1, 1, 1, 1, 1, 0},
        Known{"11001", RowClass::holes, 3, 0, 4, 0, 0, 1},
        Known{"0101010", RowClass::holes, 3, 1, 5, 1, 1, 2}, Known{"000", RowClass::empty, 0, 0, -1, 0, 3, 0},
        Known{"1", RowClass::full, 1, 0, 0, 0, 0, 0}}) {
    const RowFacts facts = facts_of(test::mask_of({known.row}), 0);
    EXPECT_EQ(facts.cls, known.cls) << known.row << " is " << name_of(facts.cls);
    EXPECT_EQ(facts.tokens, known.tokens) << known.row;
    EXPECT_EQ(facts.first, known.first) << known.row;
    EXPECT_EQ(facts.last, known.last) << known.row;
    EXPECT_EQ(facts.left_padding, known.left) << known.row;
    EXPECT_EQ(facts.right_padding, known.right) << known.row;
    EXPECT_EQ(facts.holes, known.holes) << known.row;
  }
}

TEST(Rows, TheFirstHoleIsNamed) {
  const RowFacts facts = facts_of(test::mask_of({std::string("0110011010")}), 0);
  EXPECT_EQ(facts.hole_begin, 3);
  EXPECT_EQ(facts.hole_end, 5);
}

}  // namespace
}  // namespace flashdiff::lint
