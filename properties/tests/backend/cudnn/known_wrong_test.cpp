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

/// Of every entry a case that it refuses, with the way, the version and the GPU, and the nearest one that is
/// none of its.
TEST(CudnnKnownWrong, EveryEntryRefusesItsOwnAndNothingBesides) {
  struct Told {
    const char* what;
    int version, sm;
    Way way;
    const char *refused, *taken;
  };
  const Told all[]{
      {"a sequence of length 0", 92400, 80, Way::lengths,
       "b=2 hq=2 hk=2 d=64 dv=64 q=4,0 kv=9,9 lay=right mask=none",
       "b=2 hq=2 hk=2 d=64 dv=64 q=4,1 kv=9,9 lay=right mask=none"},
      {"kv = 64 modulo 128", 91900, 90, Way::bias,
       "b=1 hq=2 hk=2 d=64 dv=64 q=192 kv=192 lay=right mask=none pass=backward",
       "b=1 hq=2 hk=2 d=64 dv=64 q=192 kv=193 lay=right mask=none pass=backward"},
      {"backward of one query", 92501, 90, Way::bias,
       "b=2 hq=2 hk=2 d=64 dv=64 q=1,1 kv=20,20 lay=right mask=none pass=backward",
       "b=2 hq=2 hk=2 d=64 dv=64 q=1,2 kv=20,20 lay=right mask=none pass=backward"},
      {"one sequence, head and query", 92600, 90, Way::lengths,
       "b=1 hq=1 hk=1 d=64 dv=64 q=1 kv=20 lay=right mask=none pass=backward",
       "b=1 hq=2 hk=1 d=64 dv=64 q=1 kv=20 lay=right mask=none pass=backward"},
      {"no multiple of 128", 91500, 100, Way::bias,
       "b=1 hq=2 hk=2 d=64 dv=64 q=8 kv=129 lay=right mask=none pass=backward",
       "b=1 hq=2 hk=2 d=64 dv=64 q=8 kv=128 lay=right mask=none pass=backward"},
      {"over one key", 91800, 100, Way::lengths,
       "b=1 hq=2 hk=2 d=64 dv=64 q=8 kv=1 lay=right mask=none pass=backward",
       "b=1 hq=2 hk=2 d=64 dv=64 q=8 kv=2 lay=right mask=none pass=backward"},
      {"decode with a causal mask", 91800, 100, Way::lengths,
       "b=1 hq=2 hk=1 d=64 dv=64 q=1 kv=9 lay=right mask=causal_tl",
       "b=1 hq=2 hk=2 d=64 dv=64 q=1 kv=9 lay=right mask=causal_tl"},
  };
  EXPECT_EQ(std::size(all), all_known_wrong().size()) << "an entry without a case of its own";
  for (const Told& one : all) {
    EXPECT_THAT(why(one.version, one.sm, one.refused, one.way), HasSubstr(one.what));
    EXPECT_THAT(why(one.version, one.sm, one.taken, one.way), IsEmpty()) << one.what;
  }
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
