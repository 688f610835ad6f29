#include "harness/oracle/where.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/oracle/subject.h"

// Faults planted where a kernel's would be, and the words that a person should read.

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::right_answer;
using testing::Subject;
using testing::subject;

using Plant = std::function<bool(int sequence, int head, int row, int column)>;

/// Words for O wrong exactly where `plant` says, and LSE in the rows where `in_lse` does.
std::string words_for(const std::string& line, const Plant& plant, bool in_lse = false) {
  const Subject s = subject(line);
  Answer answer = right_answer(s);
  for (int b = 0; b < answer.o.sequences(); ++b)
    for (int head = 0; head < answer.o.heads(); ++head)
      for (int row = 0; row < answer.o.rows(b); ++row) {
        bool any = false;
        for (int column = 0; column < answer.o.width(); ++column) {
          if (!plant(b, head, row, column)) continue;
          answer.o.row(b, head, row)[column] += 100;
          any = true;
        }
        if (any && in_lse) *answer.lse.row(b, head, row) += 1;
      }
  return detail::where_wrong(s.question, 64, detail::deviations(s.wanted, answer));
}

std::string batch(const std::string& lengths, const std::string& rest = "mask=none") {
  return "fd1 b=3 hq=6 hk=2 d=8 dv=20 dt=f32 lay=right " + lengths + " " + rest + " data=normal seed=7";
}

TEST(Where, EverythingWrong) {
  EXPECT_EQ(words_for(
                batch("q=5,6,7 kv=5,6,7"), [](int, int, int, int) { return true; }, true),
            "O and LSE in every sequence, all heads, all rows, all columns");
}

TEST(Where, SequencesByTheirResidue) {
  EXPECT_THAT(
      words_for(batch("q=5,6,7 kv=64,65,128"), [](int b, int, int, int) { return b == 1; }),
      AllOf(HasSubstr("O (LSE is right) in sequence 1 (q_len 6, kv_len 65): kv_len is no multiple of 64"),
            HasSubstr("all heads, all rows, all columns")));
}

TEST(Where, SequencesOfOneResidueOnly) {
  EXPECT_THAT(
      words_for("fd1 b=5 hq=1 hk=1 d=8 dv=8 dt=f32 lay=right q=4,4,4,4,4 kv=65,66,129,67,70 mask=none "
                "data=normal seed=7",
                [](int b, int, int, int) { return b == 0 || b == 2; }),
      HasSubstr("sequences 0, 2: kv_len % 64 is 1"));
}

TEST(Where, OnlyTheLongest) {
  EXPECT_THAT(words_for(batch("q=5,6,7 kv=3,20,9"), [](int b, int, int, int) { return b == 1; }),
              HasSubstr("the longest kv_len"));
}

TEST(Where, OnlyWhatIsShorterThanTheLongest) {
  EXPECT_THAT(words_for(batch("q=5,6,7 kv=3,20,9"), [](int b, int, int, int) { return b != 1; }),
              HasSubstr("sequences 0, 2: kv_len is below the batch's longest, 20"));
}

TEST(Where, PaddingOnTheLeft) {
  EXPECT_THAT(
      words_for("fd1 b=3 hq=1 hk=1 d=8 dv=8 dt=f32 lay=left q=9,2,3 kv=9,2,3 mask=none data=normal seed=7",
                [](int b, int, int, int) { return b > 0; }),
      HasSubstr("sequences 1 to 2: with padding on its left"));
}

TEST(Where, BehindAnEmptySequence) {
  EXPECT_THAT(
      words_for("fd1 b=4 hq=1 hk=1 d=8 dv=8 dt=f32 lay=packed q=9,0,3,9 kv=9,0,3,9 mask=none data=normal "
                "seed=7",
                [](int b, int, int, int) { return b > 1; }),
      HasSubstr("behind an empty sequence"));
}

TEST(Where, HeadsOfOneKvHead) {
  EXPECT_THAT(words_for(batch("q=5,6,7 kv=5,6,7"), [](int, int head, int, int) { return head >= 3; }),
              HasSubstr("every sequence, the heads of kv-head 1, all rows"));
}

TEST(Where, OnePlaceInEachGroup) {
  EXPECT_THAT(words_for(batch("q=5,6,7 kv=5,6,7"), [](int, int head, int, int) { return head % 3 == 2; }),
              HasSubstr("head 2 of each group of 3"));
}

TEST(Where, RowsByTheirResidue) {
  EXPECT_THAT(words_for(batch("q=33,40,50 kv=5,6,7"), [](int, int, int row, int) { return row % 16 == 3; }),
              HasSubstr("rows with row % 16 = 3"));
}

TEST(Where, TailRows) {
  EXPECT_THAT(words_for(batch("q=70,66,130 kv=5,6,7"),
                        [](int b, int, int row, int) { return row >= (b == 2 ? 128 : 64); }),
              HasSubstr("tail rows, behind the last whole tile of 64"));
}

TEST(Where, RowsAtTheDiagonal) {
  EXPECT_THAT(words_for(batch("q=20,30,40 kv=5,6,7", "mask=causal_br"),
                        [](int b, int, int row, int) { return row < 15 + 9 * b; }),
              HasSubstr("rows that see no key"));
}

TEST(Where, RowsThatSeeTheLastKey) {
  EXPECT_THAT(words_for(batch("q=20,30,40 kv=20,30,40", "mask=window:3,4"),
                        [](int b, int, int row, int) { return row >= 20 + 10 * b - 5; }),
              HasSubstr("rows that see the last key"));
}

TEST(Where, MostOfAPatternIsStillThePattern) {
  EXPECT_THAT(
      words_for(batch("q=64,64,64 kv=9,9,9"),
                [](int b, int h, int row, int) { return row % 2 == 1 && !(b == 1 && h == 1 && row == 3); }),
      HasSubstr("575 of the 576 of rows with row % 2 = 1"));
}

TEST(Where, TailColumns) {
  EXPECT_THAT(words_for(batch("q=5,6,7 kv=5,6,7"), [](int, int, int, int column) { return column >= 16; }),
              HasSubstr("tail columns, behind the last whole 16"));
}

TEST(Where, OddColumns) {
  EXPECT_THAT(words_for(batch("q=5,6,7 kv=5,6,7"), [](int, int, int, int column) { return column % 2 == 1; }),
              HasSubstr("odd columns"));
}

TEST(Where, SaysSoWhereNothingFits) {
  // Rows 1, 7, 20, 47 of 60: no residue, no tile, no edge.
  EXPECT_THAT(
      words_for("fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=right q=60 kv=60 mask=none data=normal seed=7",
                [](int, int, int row, int) { return row == 1 || row == 7 || row == 20 || row == 47; }),
      HasSubstr("scattered rows of 60, which no pattern of tiles or mask fits"));
}

TEST(Where, OnlyTheLse) {
  const Subject s = subject(batch("q=5,6,7 kv=5,6,7"));
  Answer answer = right_answer(s);
  for (float& value : answer.lse.values()) value *= 1.5f;
  EXPECT_EQ(detail::where_wrong(s.question, 64, detail::deviations(s.wanted, answer)),
            "LSE (O is right) in every sequence, all heads, all rows");
}

}  // namespace
}  // namespace flashdiff
