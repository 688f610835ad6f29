#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "properties/tests/kernels/on_softcuda.h"

// flash_forward_simt: the only kernel of f32, and the second opinion on what tensor cores answer. Shapes
// around its tiles of 32 x 64 that random cases seldom draw, and what it may not cost.

namespace flashdiff {
namespace {

constexpr const char* kSimt = "flash_forward_simt";
void expect_simt(const std::string& line, const test::Settings& settings = {}) {
  test::expect_pass(kSimt, line, settings);
}

// --- Right
// ------------------------------------------------------------------------------------------------------

TEST(FlashForwardSimt, EveryHeadDim) {
  constexpr const char* kDtypes[] = {"f32", "f16", "bf16"};
  for (int d = 1; d <= 128; ++d)
    expect_simt(fmt::format(
        "b=2 hq=2 hk=1 d={} dv={} dt={} lay={} q=5,18 kv=17,9 mask=causal_br {} data=normal seed=0x{:x}", d,
        d % 4 == 0 ? 129 - d : d, kDtypes[d % 3], d % 5 == 0 ? "both mem=bshd.view" : "left",
        d % 7 == 0 ? "softcap=5 alibi=on sink=seeded" : "", d));
}

TEST(FlashForwardSimt, LengthsAroundTheEdgesOfTiles) {
  for (const char* mask : {"none", "causal_tl", "causal_br", "window:31,0", "window:0,32", "window:63,1"})
    for (int d : {32, 128})
      for (int kv : {31, 63, 64, 65, 128, 129})
        expect_simt(
            fmt::format("b=3 hq=1 hk=1 d={} dv={} dt=f32 lay=left q=31,33,{} kv={},{},{} mask={} "
                        "data=rising seed=0x7",
                        d, d, kv, kv, kv + 64, kv, mask));
}

TEST(FlashForwardSimt, EveryLayoutAndPoison) {
  for (const char* layout : {"left", "right", "both", "packed"})
    for (const char* order : {"bshd", "bhsd", "bshd.view", "bhsd.view"})
      for (const char* poison : {"nan", "inf", "huge", "dirty"})
        expect_simt(
            fmt::format("b=4 hq=4 hk=2 d=40 dv=64 dt=f32 lay={} mem={} pad=3 q=33,0,65,5 kv=70,64,100,0 "
                        "mask=causal_br data=normal seed=0x1 poison={}",
                        layout, order, poison));
}

TEST(FlashForwardSimt, SoftcapAlibiAndSink) {
  for (const char* modifiers :
       {"softcap=30", "softcap=1", "alibi=on", "sink=seeded", "sink=-100", "softcap=50 alibi=on sink=seeded"})
    for (const char* dtype : {"f32", "f16", "bf16"})
      for (int d : {16, 64, 65, 128})
        for (const char* mask : {"none", "causal_br", "window:40,9"})
          expect_simt(
              fmt::format("b=3 hq=6 hk=2 d={} dv={} dt={} lay=left mem=bhsd q=33,70,5 kv=130,64,0 mask={} {} "
                          "data=normal seed=0x{:x}",
                          d, d, dtype, mask, modifiers, d));
}

TEST(FlashForwardSimt, NothingToSee) {
  for (const char* sink : {"", "sink=seeded"})
    for (const char* lengths :
         {"b=4 q=5,0,130,3 kv=0,7,0,0 mask=none", "b=2 q=300,40 kv=10,1 mask=causal_br"})
      expect_simt(
          fmt::format("hq=2 hk=1 d=64 dv=64 dt=f32 lay=both {} {} data=normal seed=0x1", lengths, sink));
}

TEST(FlashForwardSimt, DetectorsAreQuietUnderEveryOrder) {
  for (const char* order : {"round-robin", "reversed", "random", "far-ahead"})
    for (const char* line :
         {"b=3 hq=4 hk=2 d=64 dv=64 dt=f32 lay=left q=40,50,0 kv=130,50,9 mask=causal_br",
          "b=2 hq=2 hk=1 d=33 dv=128 dt=f16 lay=both mem=bhsd.view q=33,3 kv=130,70 mask=window:20,3",
          "b=2 hq=4 hk=2 d=100 dv=97 dt=bf16 lay=packed q=40,7 kv=130,70 mask=none softcap=20 alibi=on "
          "sink=seeded"})
      expect_simt(line + std::string(" data=normal seed=0x1"), test::every_detector(order));
}

// --- Fast
// ------------------------------------------------------------------------------------------------------

TEST(FlashForwardSimt, PaddingCostsNothingOnEitherSide) {
  const auto padded = [](const std::string& layout) {
    return test::warp_instructions(kSimt,
                                   "b=3 hq=2 hk=1 d=64 dv=64 dt=f32 lay=" + layout +
                                       " q=40,100,7 kv=100,100,200 mask=causal_br data=normal seed=0x1");
  };
  const double right = padded("right");
  EXPECT_EQ(padded("left"), right);
  EXPECT_EQ(padded("both pad=64"), right);
  EXPECT_EQ(padded("packed"), right);
}

TEST(FlashForwardSimt, HiddenTilesAreNeitherLoadedNorMultiplied) {
  const auto window = [](int kv) {
    return test::warp_instructions(
        kSimt,
        fmt::format("b=1 hq=1 hk=1 d=64 dv=64 dt=f32 lay=right q=32 kv={} mask=window:63,0 data=normal "
                    "seed=0x1",
                    kv));
  };
  EXPECT_EQ(window(2048), window(512));
}

TEST(FlashForwardSimt, NoEntrySpills) { test::expect_no_spills(kSimt, 18); }

}  // namespace
}  // namespace flashdiff
