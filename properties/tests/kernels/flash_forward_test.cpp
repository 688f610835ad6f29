#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/kernels/on_softcuda.h"

// flash_forward: the shapes that random cases seldom draw, and how much work it does, counted.

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

constexpr const char* kForward = "flash_forward";
Backend& flash_forward() { return test::kernel(kForward); }
void expect_forward(const std::string& line, const test::Settings& settings = {}) {
  test::expect_pass(kForward, line, settings);
}
double instructions(const std::string& line) { return test::warp_instructions(kForward, line); }

// --- Right
// ------------------------------------------------------------------------------------------------------

TEST(FlashForward, EveryHeadDimOfATileAndBesideIt) {
  for (const char* dtype : {"f16", "bf16"})
    for (int d :
         {8, 31, 32, 33, 40, 64, 65, 72, 96, 100, 104, 128, 129, 136, 160, 192, 193, 200, 224, 255, 256})
      for (const char* layout : {"left", "right mem=bhsd.view", "packed"})
        expect_forward(
            fmt::format("b=2 hq=2 hk=1 d={} dv={} dt={} lay={} q=33,5 kv=130,64 mask=causal_br "
                        "data=normal seed=0x{:x}",
                        d, d, dtype, layout, d));
}

/// A column more or less than there is data for: zeros fill the tile up, and what lies beyond a row is not
/// read. Odd head dims start rows at any address.
TEST(FlashForward, EveryHeadDim) {
  for (int d = 1; d <= 256; ++d)
    expect_forward(fmt::format(
        "b=2 hq=2 hk=1 d={} dv={} dt={} lay={} q=5,18 kv=17,9 mask=causal_br {} data=normal seed=0x{:x}", d,
        d % 3 == 0 ? 257 - d : d, d % 2 == 0 ? "f16" : "bf16", d % 5 == 0 ? "both mem=bshd.view" : "left",
        d % 7 == 0 ? "softcap=5 alibi=on sink=seeded" : "", d));
}

TEST(FlashForward, EveryLayoutAndPoison) {
  for (const char* layout : {"left", "right", "both", "packed"})
    for (const char* order : {"bshd", "bhsd", "bshd.view", "bhsd.view"})
      for (const char* poison : {"nan", "inf", "huge", "dirty"})
        for (const char* d : {"d=64 dv=128", "d=63 dv=128"})
          expect_forward(
              fmt::format("b=4 hq=4 hk=2 {} dt=f16 lay={} mem={} pad=3 q=33,0,129,5 kv=70,64,200,0 "
                          "mask=causal_br data=normal seed=0x1 poison={}",
                          d, layout, order, poison));
}

TEST(FlashForward, HeadsThatShareAKey) {
  for (const char* heads : {"hq=8 hk=1", "hq=8 hk=2", "hq=6 hk=3", "hq=3 hk=3", "hq=70 hk=7"})
    expect_forward(fmt::format(
        "b=2 {} d=64 dv=64 dt=bf16 lay=right q=70,40 kv=70,129 mask=causal_br data=normal seed=0x5", heads));
}

TEST(FlashForward, ValuesNarrowerAndWiderThanKeys) {
  for (const auto& [d, dv] :
       {std::pair{192, 128}, {128, 192}, {8, 256}, {256, 8}, {40, 24}, {96, 72}, {1, 100}})
    for (const char* layout : {"both mem=bshd.view", "packed mem=bhsd"})
      expect_forward(
          fmt::format("b=2 hq=3 hk=3 d={} dv={} dt=f16 lay={} q=17,40 kv=97,40 mask=window:20,3 "
                      "data=normal seed=0x3",
                      d, dv, layout));
}

/// Tiles are 128 or 64 queries, 64 or 96 keys: lengths around their edges, at every mask.
TEST(FlashForward, LengthsAroundTheEdgesOfTiles) {
  for (const char* mask : {"none", "causal_tl", "causal_br", "window:63,0", "window:0,64", "window:95,1"})
    for (int d : {32, 64, 128, 192})
      for (int kv : {63, 65, 95, 96, 97, 128, 192, 193})
        expect_forward(
            fmt::format("b=3 hq=1 hk=1 d={} dv={} dt=f16 lay=left q=127,129,{} kv={},{},{} mask={} "
                        "data=rising seed=0x7",
                        d, d, kv, kv, kv + 64, kv, mask));
}

/// Every entry with score modifiers, each modifier alone and all of them; rows at any address too (an odd d).
TEST(FlashForward, SoftcapAlibiAndSink) {
  for (const char* modifiers :
       {"softcap=30", "softcap=1", "alibi=on", "sink=seeded", "sink=-100", "softcap=50 alibi=on sink=seeded"})
    for (int d : {16, 63, 64, 65, 72, 128, 129, 200, 256})
      for (const char* layout : {"left mem=bhsd", "packed mem=bshd.view"})
        for (const char* mask : {"none", "causal_br", "window:40,9"})
          expect_forward(
              fmt::format("b=3 hq=6 hk=2 d={} dv={} dt={} lay={} q=33,70,5 kv=130,64,0 mask={} {} "
                          "data=normal seed=0x{:x}",
                          d, d, d % 2 == 0 ? "f16" : "bf16", layout, mask, modifiers, d));
}

/// A sink above, below and among the scores, where these rise from tile to tile or lie below -1e4.
TEST(FlashForward, ASinkAgainstExtremeScores) {
  for (const char* data : {"rising", "falling", "very_negative", "huge", "one_hot"})
    for (const char* sink : {"10000", "-10000", "0"})
      expect_forward(
          fmt::format("b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay=right q=130,3 kv=200,1 mask=causal_tl sink={} "
                      "data={} seed=0x5",
                      sink, data));
}

TEST(FlashForward, RowsThatSeeTheirSinkAlone) {
  for (const char* mask : {"none", "causal_br", "window:3,0"})
    expect_forward(fmt::format(
        "b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=130,5,40 kv=10,0,1 mask={} softcap=2 alibi=on "
        "sink=seeded data=normal seed=0x1",
        mask));
}

TEST(FlashForward, NothingToSee) {
  expect_forward(
      "b=4 hq=2 hk=1 d=64 dv=64 dt=f16 lay=both q=5,0,130,3 kv=0,7,0,0 mask=none data=normal seed=0x1");
  expect_forward(
      "b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay=left q=300,40 kv=10,1 mask=causal_br data=normal seed=0x1");
}

TEST(FlashForward, SaysWhatItDoesNotTake) {
  const Support f32 = flash_forward().supports(
      test::read_case("b=1 hq=1 hk=1 d=64 dv=64 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1"));
  EXPECT_FALSE(f32.yes);
  EXPECT_THAT(f32.why_not, HasSubstr("f16 and bf16"));
  const Support backward = flash_forward().supports(test::read_case(
      "b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=2 kv=2 mask=none pass=backward data=normal seed=0x1"));
  EXPECT_FALSE(backward.yes);
  EXPECT_THAT(backward.why_not, HasSubstr("forward pass only"));
}

/// Tiles of every shape, ragged and modified: late copies and every order of warps leave a slot of the ring
/// no chance to be read too early, or filled too early.
TEST(FlashForward, DetectorsAreQuietUnderEveryOrderAndWithLateCopies) {
  for (const char* order : {"round-robin", "reversed", "random", "far-ahead"})
    for (const char* line :
         {"b=3 hq=2 hk=1 d=32 dv=32 dt=f16 lay=left q=140,5,0 kv=300,150,9 mask=causal_br",
          "b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=40,150,0 kv=300,150,9 mask=causal_br",
          "b=2 hq=2 hk=1 d=96 dv=90 dt=bf16 lay=both mem=bhsd.view q=65,3 kv=330,70 mask=window:120,3",
          "b=2 hq=2 hk=2 d=128 dv=128 dt=f16 lay=packed q=130,3 kv=270,70 mask=none",
          "b=2 hq=2 hk=1 d=192 dv=160 dt=bf16 lay=right q=130,3 kv=200,70 mask=causal_tl",
          "b=2 hq=2 hk=1 d=256 dv=250 dt=f16 lay=left q=65,3 kv=200,70 mask=none",
          "b=2 hq=2 hk=1 d=31 dv=33 dt=f16 lay=left q=65,3 kv=200,70 mask=causal_br",
          "b=2 hq=2 hk=1 d=129 dv=64 dt=bf16 lay=packed q=65,3 kv=200,70 mask=none",
          "b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=40,70,0 kv=270,70,9 mask=causal_br softcap=20 alibi=on "
          "sink=seeded",
          "b=2 hq=2 hk=1 d=101 dv=100 dt=bf16 lay=both q=40,70 kv=270,70 mask=window:20,3 softcap=2"})
      expect_forward(line + std::string(" data=normal seed=0x1"), test::every_detector(order));
}

TEST(FlashForward, TensorCoresOfEveryModel) {
  for (const char* model : {"exact", "truncating-sm80", "truncating-sm90"})
    for (const char* dtype : {"f16", "bf16"})
      for (const char* modifiers : {"", "softcap=20 alibi=on sink=seeded"})
        for (const char* data : {"normal", "rising", "huge"})
          for (int d : {32, 64, 128, 250})
            expect_forward(
                fmt::format("b=2 hq=2 hk=1 d={} dv={} dt={} lay=left q=65,3 kv=300,64 mask=causal_br {} "
                            "data={} seed=0x1",
                            d, d, dtype, modifiers, data),
                {{"tensor", model}, {"approx", "perturbed"}});
}

// --- Fast
// -------------------------------------------------------------------------------------------------------

/// What a product of 16 x 8 x 16 costs in the main loop: more keys, all of them seen, are more rounds of it
/// and nothing else.
double instructions_a_product(int d, const char* modifiers = "") {
  const auto with_keys = [d, modifiers](int kv) {
    return instructions(
        fmt::format("b=1 hq=1 hk=1 d={} dv={} dt=f16 lay=right q=128 kv={} mask=none {} data=normal "
                    "seed=0x1",
                    d, d, kv, modifiers));
  };
  constexpr int kFew = 576, kMany = 1152;  // whole tiles of 64 and of 96
  const double products = 128.0 / 16 * (kMany - kFew) / 8 * d / 16 * 2;
  return (with_keys(kMany) - with_keys(kFew)) / products;
}

/// At 64 and 128 what is asked of the kernel; at the others what it takes, and a little room for other
/// compilers.
TEST(FlashForward, WarpInstructionsAProductOfTheMainLoop) {
  for (const auto& [d, most] :
       {std::pair{32, 8.0}, {64, 4.7}, {96, 4.0}, {128, 3.4}, {192, 3.4}, {256, 3.2}}) {
    const double measured = instructions_a_product(d);
    RecordProperty(fmt::format("d{}", d), fmt::format("{:.3f}", measured));
    std::printf("d %d: %.3f warp instructions an m16n8k16\n", d, measured);
    EXPECT_LE(measured, most) << "d " << d;
  }
}

/// Of one score, on its way through: CUDA's tanhf with its argument, ALiBi's distance and product. A sink is
/// taken before the loop.
TEST(FlashForward, WarpInstructionsAScoreOfModifiers) {
  for (int d : {64, 128, 256}) {
    const double scores_a_product = 4.0 / (2.0 * d / 16);  // of a lane: 16 x 8 of a warp, and both products
    const double sink = instructions_a_product(d, "sink=0");
    const double alibi = (instructions_a_product(d, "alibi=on") - sink) / scores_a_product;
    const double softcap = (instructions_a_product(d, "softcap=30") - sink) / scores_a_product;
    std::printf(
        "d %d: %.3f warp instructions an m16n8k16 with a sink; %.2f a score for ALiBi, %.2f for a softcap\n",
        d, sink, alibi, softcap);
    EXPECT_LE(alibi, 3.3) << "d " << d;
    EXPECT_LE(softcap, 20) << "d " << d;
    if (d == 64) continue;  // tiles of its own
    EXPECT_LE(sink, instructions_a_product(d) + 0.05) << "d " << d;
  }
}

TEST(FlashForward, PaddingCostsNothingOnEitherSide) {
  const auto padded = [](const std::string& layout) {
    return instructions("b=3 hq=2 hk=1 d=64 dv=64 dt=f16 lay=" + layout +
                        " q=40,200,7 kv=100,200,300 mask=causal_br data=normal seed=0x1");
  };
  const double packed = padded("packed");
  EXPECT_EQ(padded("left"), packed);
  EXPECT_EQ(padded("right"), packed);
  EXPECT_EQ(padded("both pad=64"), packed);
}

TEST(FlashForward, WorkIsThatOfTheSequencesAndNotOfTheRectangle) {
  const auto batch = [](const std::string& lengths) {
    return instructions("hq=1 hk=1 d=64 dv=64 dt=f16 lay=left " + lengths +
                        " mask=none data=normal seed=0x1");
  };
  const double together = batch("b=3 q=1000,10,0 kv=1000,10,0");
  EXPECT_EQ(together, batch("b=1 q=1000 kv=1000") + batch("b=1 q=10 kv=10"));
}

TEST(FlashForward, HiddenTilesAreNeitherLoadedNorMultiplied) {
  const auto window = [](int kv) {
    return instructions(
        fmt::format("b=1 hq=1 hk=1 d=128 dv=128 dt=f16 lay=right q=128 kv={} mask=window:63,0 "
                    "data=normal seed=0x1",
                    kv));
  };
  EXPECT_EQ(window(4096), window(1024));
}

/// Keys that all queries see cost under a mask what they cost without one.
TEST(FlashForward, TilesThatEveryQuerySeesRunWithoutAMask) {
  for (int d : {32, 64, 128, 256}) {
    const auto of_more_keys = [d](const char* mask) {
      const auto with = [&](int kv) {
        return instructions(
            fmt::format("b=1 hq=1 hk=1 d={} dv={} dt=f16 lay=right q=128 kv={} mask={} data=normal seed=0x1",
                        d, d, kv, mask));
      };
      return with(1152) - with(576);
    };
    EXPECT_EQ(of_more_keys("causal_br"), of_more_keys("none")) << "d " << d;
    EXPECT_EQ(of_more_keys("window:inf,0"), of_more_keys("none")) << "d " << d;
  }
}

/// Each warp passes over what its own 32 rows do not see: of 32 times 16 tiles of 32 x 64, the causal mask
/// leaves 2 (1 + ... + 16) = 272. The rest is what the masks at the diagonal cost, and what does not depend
/// on the number of keys.
TEST(FlashForward, TheUpperTriangleIsNotMultiplied) {
  const auto square = [](const char* mask) {
    return instructions(fmt::format(
        "b=1 hq=1 hk=1 d=128 dv=128 dt=f16 lay=right q=1024 kv=1024 mask={} data=normal seed=0x1", mask));
  };
  EXPECT_LT(square("causal_br"), (272.0 / 512 + 0.1) * square("none"));
}

TEST(FlashForward, NoEntrySpills) { test::expect_no_spills(kForward, 26); }

}  // namespace
}  // namespace flashdiff
