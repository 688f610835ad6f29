#include "harness/backend/cudnn/known_wrong.h"

#include <gmock/gmock.h>

namespace flashdiff::cudnn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string why(int version, int sm, const std::string& line, Way way = Way::lengths) {
  const auto c = parse_case("fd1 dt=f16 data=normal seed=1 " + line);
  if (!c) throw std::invalid_argument(c.error().what);
  const auto graph = graph_of(*c, way);
  if (!graph) throw std::invalid_argument(graph.error().what);
  return why_known_wrong(version, sm, *c, *graph);
}

// BUG_ZOO: a library version known to be wrong is not refused.
TEST(CudnnKnownWrong, AVersionIsRefusedWithItsEvidenceAndTheFixedOneIsNot) {
  const char* const empty = "b=2 hq=2 hk=2 d=64 dv=64 q=4,4 kv=9,0 lay=right mask=none";
  EXPECT_THAT(why(91900, 90, empty), HasSubstr("cuDNN 9.19.0"));
  EXPECT_THAT(why(91900, 90, empty), HasSubstr("cudnn-frontend#943"));
  EXPECT_THAT(why(92499, 80, empty), HasSubstr("length 0"));
  EXPECT_THAT(why(92500, 90, empty), IsEmpty());
  EXPECT_THAT(why(91900, 90, "b=2 hq=2 hk=2 d=64 dv=64 q=4,4 kv=9,1 lay=right mask=none"), IsEmpty());
}

TEST(CudnnKnownWrong, HalfATileIsRefusedOnHopperAndWithoutAPaddingMaskOnly) {
  const char* const half = "b=1 hq=2 hk=2 d=64 dv=64 q=192 kv=192 lay=right mask=none pass=backward";
  EXPECT_THAT(why(91900, 90, half, Way::bias), HasSubstr("64 modulo 128"));
  EXPECT_THAT(why(91900, 100, half, Way::bias), IsEmpty());
  EXPECT_THAT(why(91900, 90, half, Way::lengths), IsEmpty());
  EXPECT_THAT(why(91900, 90, "b=1 hq=2 hk=2 d=64 dv=64 q=192 kv=192 lay=right mask=none", Way::bias),
              IsEmpty());
}

TEST(CudnnKnownWrong, EveryEntrySaysWhatAndWhere) {
  for (const KnownWrong& one : all_known_wrong()) {
    EXPECT_LT(one.first, one.fixed) << one.what;
    EXPECT_NE(std::string(one.what), "");
    EXPECT_THAT(std::string(one.evidence), ::testing::AnyOf(HasSubstr("#"), HasSubstr("release")));
  }
}

}  // namespace
}  // namespace flashdiff::cudnn
