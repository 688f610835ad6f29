#include "reports/numbers.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace flashdiff {
namespace {

TEST(Numbers, Grouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

TEST(Numbers, Counted) {
  EXPECT_EQ(counted(1, "case", "cases"), "1 case");
  EXPECT_EQ(counted(0, "case", "cases"), "0 cases");
  EXPECT_EQ(counted(2000, "case", "cases"), "2,000 cases");
}

TEST(Numbers, Brief) {
  EXPECT_EQ(brief(0), "0");
  EXPECT_EQ(brief(0.01234), "0.0123");
  EXPECT_EQ(brief(999.4), "999");
  EXPECT_EQ(brief(123456), "123,000");
  EXPECT_EQ(brief(-1234), "-1,230");
  EXPECT_EQ(brief(1234567), "1.23e+06");
  EXPECT_EQ(brief(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(brief(-std::numeric_limits<double>::infinity()), "-infinite");
}

TEST(Numbers, ExactTellsNeighbouringFloatsApart) {
  const float one = 0.1F, next = std::nextafterf(one, 1.0F);
  EXPECT_NE(exact(one), exact(next));
}

TEST(Numbers, PercentIsNeverRoundedToNothingOrAll) {
  EXPECT_EQ(percent(0, 0), "0 %");
  EXPECT_EQ(percent(1, 8), "12.5 %");
  EXPECT_EQ(percent(1, 100000), "< 0.1 %");
  EXPECT_EQ(percent(99999, 100000), "> 99.9 %");
  EXPECT_EQ(percent(5, 5), "100 %");
}

TEST(Numbers, Duration) {
  EXPECT_EQ(duration(0.83), "830 us");
  EXPECT_EQ(duration(12.5), "12.5 ms");
  EXPECT_EQ(duration(3200), "3.2 s");
  EXPECT_EQ(duration(125000), "2 min 5 s");
}

}  // namespace
}  // namespace flashdiff
