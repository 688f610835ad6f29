#include "harness/oracle/error_map.h"

#include <cmath>

#include <gtest/gtest.h>

#include "properties/tests/oracle/subject.h"

namespace flashdiff {
namespace {

using testing::right_answer;
using testing::Subject;
using testing::subject;

TEST(ErrorMap, OneCellAnElementWhereItFits) {
  const Subject s =
      subject("fd1 b=2 hq=2 hk=1 d=8 dv=12 dt=f32 lay=right q=3,5 kv=4,4 mask=none data=normal seed=1");
  Answer answer = right_answer(s);
  answer.o.row(1, 1, 4)[11] = std::numeric_limits<float>::quiet_NaN();
  answer.o.row(1, 1, 2)[3] += 1;
  const ErrorMap map = detail::error_map(detail::deviations(s.wanted, answer));
  EXPECT_EQ(map.tensor, TensorRole::o);
  EXPECT_EQ(map.sequence, 1);
  EXPECT_EQ(map.head, 1);
  EXPECT_EQ(map.rows, 5);
  EXPECT_EQ(map.columns, 12);
  ASSERT_EQ(map.use.size(), 60u);
  EXPECT_TRUE(std::isnan(map.use[4 * 12 + 11]));
  EXPECT_GT(map.use[2 * 12 + 3], 1000);
  EXPECT_LE(map.use[0], 1);
}

TEST(ErrorMap, CellsTakeTheirWorst) {
  const Subject s =
      subject("fd1 b=1 hq=1 hk=1 d=8 dv=100 dt=f32 lay=right q=130 kv=4 mask=none data=normal seed=1");
  Answer answer = right_answer(s);
  answer.o.row(0, 0, 129)[99] += 1;
  const ErrorMap map = detail::error_map(detail::deviations(s.wanted, answer));
  EXPECT_EQ(map.cell_rows, 3);
  EXPECT_EQ(map.cell_columns, 2);
  ASSERT_EQ(map.use.size(), 44u * 50u);
  EXPECT_GT(map.use.back(), 1000);
  EXPECT_LE(map.use[map.use.size() - 2], 1);
}

TEST(ErrorMap, OfTheLseWhereOIsRight) {
  const Subject s =
      subject("fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=right q=6 kv=4 mask=none data=normal seed=1");
  Answer answer = right_answer(s);
  *answer.lse.row(0, 0, 2) += 1;
  const ErrorMap map = detail::error_map(detail::deviations(s.wanted, answer));
  EXPECT_EQ(map.tensor, TensorRole::lse);
  EXPECT_EQ(map.columns, 1);
  ASSERT_EQ(map.use.size(), 6u);
  EXPECT_GT(map.use[2], 1000);
}

}  // namespace
}  // namespace flashdiff
