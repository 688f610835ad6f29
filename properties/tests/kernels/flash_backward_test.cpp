#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/random_cases.h"
#include "properties/tests/kernels/on_softcuda.h"
#include "reference/backward.h"
#include "reference/given.h"

// flash_backward and flash_backward_deterministic: the shapes at the edges of their tiles against the
// reference and its budget, and how much work they do, counted.

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

using test::expect_within;
using test::kernel;

Case read_backward(const std::string& line) { return test::read_case("pass=backward " + line); }

const std::vector<std::string> kKernels{"flash_backward", "flash_backward_deterministic"};

void expect_gradients(Backend& backend, const Case& c) {
  const std::string line = backend.name() + " " + print(c);
  const LogicalData data = make_given(c.problem).value();
  const auto answer = backend.run(lay_out(c, data));
  ASSERT_TRUE(answer) << line << "\n" << answer.error().what;
  EXPECT_EQ(answer->touched.count, 0)
      << line << "\n"
      << (answer->touched.first.empty() ? "" : answer->touched.first[0].where);
  const BudgetedGradients expected =
      attention_backward_with_budget(c.problem, data, backend.numerics(c.problem));
  expect_within(expected.reference.dv, expected.budget.dv, answer->dv, "dV", line);
  expect_within(expected.reference.dk, expected.budget.dk, answer->dk, "dK", line);
  expect_within(expected.reference.dq, expected.budget.dq, answer->dq, "dQ", line);
}
void expect_gradients(const std::string& line) {
  for (const std::string& name : kKernels) expect_gradients(kernel(name), read_backward(line));
}

// --- Right
// ------------------------------------------------------------------------------------------------------

TEST(FlashBackward, EveryHeadDimOfATileAndBesideIt) {
  for (const char* dtype : {"f16", "bf16"})
    for (int d : {8, 31, 32, 33, 64, 72, 96, 100, 128, 136, 192, 193, 255, 256})
      for (const char* layout : {"left", "right mem=bhsd.view", "packed"})
        expect_gradients(
            fmt::format("b=2 hq=2 hk=1 d={} dv={} dt={} lay={} q=33,5 kv=130,64 mask=causal_br "
                        "data=normal seed=0x{:x}",
                        d, d, dtype, layout, d));
}

TEST(FlashBackward, ValuesNarrowerAndWiderThanKeys) {
  for (const auto& [d, dv] :
       {std::pair{192, 128}, {128, 192}, {8, 256}, {256, 8}, {40, 24}, {96, 72}, {1, 100}})
    for (const char* layout : {"both mem=bshd.view", "packed mem=bhsd"})
      expect_gradients(
          fmt::format("b=2 hq=3 hk=3 d={} dv={} dt=f16 lay={} q=17,40 kv=97,40 mask=window:20,3 "
                      "data=normal seed=0x3",
                      d, dv, layout));
}

/// Tiles are 128 or 64 rows of the side that is owned, 64, 32 or 16 of the other.
TEST(FlashBackward, LengthsAroundTheEdgesOfTiles) {
  for (const char* mask : {"none", "causal_tl", "causal_br", "window:63,0", "window:0,64", "window:33,1"})
    for (int d : {32, 64, 128, 192})
      for (int kv : {63, 65, 128, 129})
        expect_gradients(
            fmt::format("b=3 hq=1 hk=1 d={} dv={} dt=f16 lay=left q=31,129,{} kv={},{},{} mask={} "
                        "data=rising seed=0x7",
                        d, d, kv, kv, kv + 64, kv, mask));
}

TEST(FlashBackward, NothingToSee) {
  expect_gradients(
      "b=4 hq=2 hk=1 d=64 dv=64 dt=f16 lay=both q=5,0,130,3 kv=0,7,0,0 mask=none data=normal seed=0x1");
  expect_gradients(
      "b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay=left q=300,40 kv=10,1 mask=causal_br data=normal seed=0x1");
  expect_gradients(
      "b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay=left q=10,1 kv=300,40 mask=causal_tl data=normal seed=0x1");
}

TEST(FlashBackward, SumsOverTheHeadsThatShareAKey) {
  for (const char* heads : {"hq=8 hk=2", "hq=6 hk=1", "hq=3 hk=3"})
    expect_gradients(fmt::format(
        "b=2 {} d=64 dv=64 dt=bf16 lay=right q=70,40 kv=70,129 mask=causal_br data=normal seed=0x5", heads));
}

TEST(FlashBackward, EveryFamilyOfData) {
  for (const char* family :
       {"uniform", "equal", "huge", "tiny", "very_negative", "rising", "falling", "one_hot", "alternating"})
    for (const char* dtype : {"f16", "bf16"})
      expect_gradients(fmt::format(
          "b=2 hq=2 hk=1 d=64 dv=64 dt={} lay=left q=70,40 kv=70,129 mask=causal_br data={} seed=0x5", dtype,
          family));
}

/// A column more or less than there is data for: zeros fill the tile up, and what lies beyond a row is not
/// read. Odd head dims start rows at any address.
TEST(FlashBackward, EveryHeadDim) {
  for (int d = 1; d <= 256; ++d)
    expect_gradients(fmt::format(
        "b=2 hq=2 hk=1 d={} dv={} dt={} lay={} q=5,18 kv=17,9 mask=causal_br {} data=normal seed=0x{:x}", d,
        d % 3 == 0 ? 257 - d : d, d % 2 == 0 ? "f16" : "bf16", d % 5 == 0 ? "both mem=bshd.view" : "left",
        d % 7 == 0 ? "softcap=5 alibi=on" : "", d));
}

/// Every entry with score modifiers, each modifier alone and all of them; rows at any address too (an odd d).
TEST(FlashBackward, SoftcapAlibiAndSink) {
  for (const char* modifiers :
       {"softcap=30", "softcap=1", "alibi=on", "sink=seeded", "sink=-100", "softcap=50 alibi=on sink=seeded"})
    for (int d : {16, 63, 64, 128, 129, 256})
      for (const char* layout : {"left mem=bhsd", "packed mem=bshd.view"})
        for (const char* mask : {"none", "causal_br", "window:40,9"})
          expect_gradients(
              fmt::format("b=3 hq=6 hk=2 d={} dv={} dt={} lay={} q=33,70,5 kv=130,64,0 mask={} {} "
                          "data=normal seed=0x{:x}",
                          d, d, d % 2 == 0 ? "f16" : "bf16", layout, mask, modifiers, d));
}

/// A sink above, below and among the scores, a cap that all of them reach, biases that hide all but a few.
TEST(FlashBackward, ModifiersOfExtremeScores) {
  for (const char* data : {"rising", "falling", "very_negative", "huge", "one_hot", "tiny", "equal"})
    for (const char* modifiers : {"sink=10000", "sink=-10000", "softcap=0.5 sink=0", "softcap=100 alibi=on"})
      expect_gradients(
          fmt::format("b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay=right q=130,3 kv=200,1 mask=causal_tl {} "
                      "data={} seed=0x5",
                      modifiers, data));
}

TEST(FlashBackward, RowsThatSeeTheirSinkAlone) {
  for (const char* mask : {"none", "causal_br", "window:3,0"})
    for (const char* modifiers : {"sink=seeded", "softcap=2 alibi=on sink=seeded"})
      expect_gradients(
          fmt::format("b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=130,5,40 kv=10,0,1 mask={} {} data=normal "
                      "seed=0x1",
                      mask, modifiers));
}

/// What random forward cases are made of, asked backward.
TEST(FlashBackward, RandomCases) {
  constexpr std::uint64_t kSeed = 1, kCases = 300;
  CaseOptions options;
  options.dtypes = {DType::f16, DType::bf16};
  options.largest_head_dim = 256;
  for (std::uint64_t i = 0; i < kCases && !HasFailure(); ++i) {
    Case c = draw_case(kSeed, i, options).value();
    c.problem.pass = Pass::backward;
    c.layout.page = 0;
    for (const std::string& name : kKernels) expect_gradients(kernel(name), c);
  }
}

TEST(FlashBackward, SaysWhatItDoesNotTake) {
  for (const std::string& name : kKernels) {
    const Support f32 = kernel(name).supports(
        read_backward("b=1 hq=1 hk=1 d=64 dv=64 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1"));
    EXPECT_FALSE(f32.yes);
    EXPECT_THAT(f32.why_not, HasSubstr("f16 and bf16"));
    Case forward =
        read_backward("b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=2 kv=2 mask=none data=normal seed=0x1");
    forward.problem.pass = Pass::forward;
    EXPECT_THAT(kernel(name).supports(forward).why_not, HasSubstr("backward pass only"));
  }
}

const std::vector<std::string> kBackwardForDetectors{
    "b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=40,150,0 kv=100,150,9 mask=causal_br data=normal seed=0x1",
    "b=2 hq=2 hk=1 d=30 dv=32 dt=bf16 lay=both mem=bhsd.view q=65,3 kv=130,70 mask=window:20,3 data=normal "
    "seed=0x1",
    "b=2 hq=2 hk=2 d=256 dv=250 dt=f16 lay=packed q=65,3 kv=70,70 mask=none data=normal seed=0x1",
    "b=3 hq=4 hk=2 d=128 dv=120 dt=bf16 lay=left q=40,70,0 kv=70,70,9 mask=causal_br softcap=20 alibi=on "
    "sink=seeded data=normal seed=0x1",
    "b=2 hq=2 hk=1 d=192 dv=200 dt=f16 lay=both mem=bhsd.view q=65,3 kv=70,20 mask=window:20,3 softcap=2 "
    "data=normal seed=0x1"};

TEST(FlashBackward, DetectorsAreQuietUnderEveryOrderAndWithLateCopies) {
  for (const std::string& name : kKernels)
    for (const char* order : {"round-robin", "reversed", "random", "far-ahead"})
      for (const std::string& line : kBackwardForDetectors)
        expect_gradients(kernel(name, test::every_detector(order)), read_backward(line));
}

TEST(FlashBackward, TensorCoresOfEveryModel) {
  for (const std::string& name : kKernels)
    for (const char* model : {"exact", "truncating-sm80", "truncating-sm90"})
      for (const std::string& line : kBackwardForDetectors)
        expect_gradients(kernel(name, {{"tensor", model}, {"approx", "perturbed"}}), read_backward(line));
}

/// Bits that order, threads and padding must not move; those of dK and dV belong to the atomic kernel too.
TEST(FlashBackward, SameBitsInEveryOrderOfBlocks) {
  const Case c = read_backward(kBackwardForDetectors[0]);
  const LaidOut io = lay_out(c, make_given(c.problem).value());
  for (const std::string& name : kKernels) {
    const auto rising = kernel(name, {{"block-order", "rising"}}).run(io);
    const auto falling = kernel(name, {{"block-order", "falling"}}).run(io);
    ASSERT_TRUE(rising && falling);
    EXPECT_THAT(rising->dk.values(), ::testing::ElementsAreArray(falling->dk.values()));
    EXPECT_THAT(rising->dv.values(), ::testing::ElementsAreArray(falling->dv.values()));
    if (!kernel(name).numerics(c.problem).dq_in_any_order) {
      EXPECT_EQ(rising->bytes_of_rows, falling->bytes_of_rows) << name;
    }
  }
}

// --- Fast
// -------------------------------------------------------------------------------------------------------

double instructions(const std::string& name, const std::string& line) {
  return test::warp_instructions(name, "pass=backward " + line);
}

/// What a product of 16 x 8 x 16 costs in the main loops, copies and sums of dQ included: more queries and
/// keys, all seen, less what grows with rows alone.
double instructions_a_product(const std::string& name, int d, int products_of_a_pair) {
  const auto square = [&](int q, int kv) {
    return instructions(
        name, fmt::format("b=1 hq=1 hk=1 d={} dv={} dt=f16 lay=right q={} kv={} mask=none data=normal "
                          "seed=0x1",
                          d, d, q, kv));
  };
  constexpr int kFew = 128, kMany = 384;
  const double both = square(kMany, kMany) - square(kMany, kFew) - square(kFew, kMany) + square(kFew, kFew);
  const double step = kMany - kFew;
  return both / (step / 16 * step / 8 * d / 16 * products_of_a_pair);
}

/// What the kernels take, and a little room for other compilers.
TEST(FlashBackward, WarpInstructionsAProductOfTheMainLoops) {
  struct Figures {
    int d;
    double atomic, deterministic;
  };
  for (const auto& [d, atomic, deterministic] : {Figures{32, 6.0, 5.3},
                                                 {64, 4.4, 3.9},
                                                 {96, 4.0, 3.3},
                                                 {128, 3.6, 3.3},
                                                 {192, 4.0, 3.4},
                                                 {256, 3.6, 3.3}})
    for (const std::string& name : kKernels) {
      const bool sums = name == "flash_backward";
      const double measured = instructions_a_product(name, d, (sums ? 5 : 7) + (d > 128 ? 1 : 0));
      std::printf("%s d %d: %.3f warp instructions an m16n8k16\n", name.c_str(), d, measured);
      EXPECT_LE(measured, sums ? atomic : deterministic) << name << " d " << d;
    }
}

TEST(FlashBackward, PaddingCostsNothingOnEitherSide) {
  for (const std::string& name : kKernels) {
    const auto padded = [&](const std::string& layout) {
      return instructions(name, "b=3 hq=2 hk=1 d=64 dv=64 dt=f16 lay=" + layout +
                                    " q=40,100,7 kv=100,100,200 mask=causal_br data=normal seed=0x1");
    };
    const double packed = padded("packed");
    EXPECT_EQ(padded("left"), packed);
    EXPECT_EQ(padded("right"), packed);
    EXPECT_EQ(padded("both pad=64"), packed);
  }
}

/// Queries that see all keys cost under a mask what they cost without one.
TEST(FlashBackward, TilesThatAreSeenWholeRunWithoutAMask) {
  for (const std::string& name : kKernels)
    for (int d : {64, 128, 256}) {
      const auto of_more_queries = [&](const char* mask) {
        const auto with = [&](int q) {
          return instructions(
              name, fmt::format(
                        "b=1 hq=1 hk=1 d={} dv={} dt=f16 lay=right q={} kv=128 mask={} data=normal seed=0x1",
                        d, d, q, mask));
        };
        return with(768) - with(384);
      };
      EXPECT_EQ(of_more_queries("causal_tl"), of_more_queries("none")) << name << " d " << d;
    }
}

/// 16 x 16 tiles of 64 x 64 at least: the causal mask leaves (16 + 1) / 32 of them, and masks cost something.
TEST(FlashBackward, TheUpperTriangleIsNotMultiplied) {
  for (const std::string& name : kKernels) {
    const auto square = [&](const char* mask) {
      return instructions(
          name, fmt::format(
                    "b=1 hq=1 hk=1 d=128 dv=128 dt=f16 lay=right q=1024 kv=1024 mask={} data=normal seed=0x1",
                    mask));
    };
    EXPECT_LT(square("causal_br"), 0.65 * square("none")) << name;
  }
}

TEST(FlashBackward, NoEntrySpills) {
  test::expect_no_spills("flash_backward", 27);
  test::expect_no_spills("flash_backward_deterministic", 41);
}

}  // namespace
}  // namespace flashdiff
