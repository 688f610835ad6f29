#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/driver/driver.h"
#include "harness/problem/data.h"
#include "properties/tests/kernels/on_softcuda.h"

// flash_decode: shapes around its tiles, splits and pages that random cases seldom draw, and what it reads.

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDecode = "flash_decode";
Backend& flash_decode() { return test::kernel(kDecode); }
void expect_decode(const std::string& line, const test::Settings& settings = {}) {
  test::expect_pass(kDecode, line, settings);
}

// --- Right
// ------------------------------------------------------------------------------------------------------

TEST(FlashDecode, EveryHeadDimOfATileAndBesideIt) {
  for (const char* dtype : {"f16", "bf16"})
    for (int d : {8, 31, 32, 64, 65, 72, 100, 128, 129, 192, 200, 255, 256})
      for (const char* layout : {"left", "right mem=bhsd.view page=48", "packed page=16"})
        expect_decode(
            fmt::format("b=2 hq=4 hk=2 d={} dv={} dt={} lay={} q=2,1 kv=330,64 mask=causal_br data=normal "
                        "seed=0x{:x}",
                        d, d, dtype, layout, d));
}

TEST(FlashDecode, ValuesNarrowerAndWiderThanKeys) {
  for (const auto& [d, dv] : {std::pair{192, 128}, {8, 256}, {256, 8}, {40, 23}, {1, 100}})
    expect_decode(
        fmt::format("b=2 hq=3 hk=3 d={} dv={} dt=f16 lay=both page=32 q=7,4 kv=297,40 mask=window:200,3 "
                    "data=normal seed=0x3",
                    d, dv));
}

/// Rows of a block: 16, 64, and more than one block has.
TEST(FlashDecode, RowsAroundTheEdgesOfTiles) {
  for (const auto& [queries, group] :
       {std::pair{1, 16}, {16, 1}, {1, 17}, {2, 8}, {3, 11}, {16, 4}, {13, 5}, {16, 8}, {9, 15}})
    for (const char* page : {"", " page=16"})
      expect_decode(
          fmt::format("b=2 hq={} hk=1 d=64 dv=64 dt=f16 lay=left{} q={},1 kv=200,300 mask=causal_br "
                      "data=rising seed=0x5",
                      group, page, queries));
}

TEST(FlashDecode, EveryNumberOfNewTokensAndRowsAPage) {
  for (int queries = 1; queries <= 16; ++queries)
    for (const char* layout : {"left pad=5", "both"})
      expect_decode(
          fmt::format("b=3 hq=6 hk=2 d=64 dv=64 dt=f16 lay={} page={} q={},1,{} kv=290,{},0 mask=causal_br "
                      "data=rising seed=0x{:x}",
                      layout, 16 * queries, queries, queries, 16 * queries, queries));
}

/// Two kv tiles are a split at least: lengths around its edges, at every mask.
TEST(FlashDecode, LengthsAroundTheEdgesOfSplits) {
  for (const char* mask : {"none", "causal_tl", "causal_br", "window:127,0", "window:0,64", "window:200,1"})
    for (int kv : {1, 63, 65, 127, 128, 129, 255, 256, 257, 385})
      expect_decode(
          fmt::format("b=3 hq=2 hk=1 d=64 dv=64 dt=f16 lay=left page=16 q=1,16,5 kv={},{},{} mask={} "
                      "data=rising seed=0x7",
                      kv, kv + 64, kv, mask));
}

/// Pages of a window of 32 entries of the block table, and of several.
TEST(FlashDecode, LongTables) {
  for (const char* layout : {"right page=16", "left pad=9 page=16", "both page=48", "left page=256"})
    expect_decode(
        fmt::format("b=1 hq=1 hk=1 d=32 dv=32 dt=f16 lay={} q=1 kv=3000 mask=none data=normal "
                    "seed=0x9",
                    layout));
  // So many K/V heads that a split is longer than 32 pages.
  expect_decode(
      "b=1 hq=108 hk=108 d=8 dv=8 dt=f16 lay=left pad=5 page=16 q=1 kv=3000 mask=none data=normal "
      "seed=0x9");
}

TEST(FlashDecode, NothingToSee) {
  expect_decode(
      "b=4 hq=2 hk=1 d=64 dv=64 dt=f16 lay=both q=5,0,16,3 kv=0,7,0,0 mask=none data=normal seed=0x1");
  expect_decode(
      "b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay=left page=16 q=16,4 kv=10,1 mask=causal_br data=normal "
      "seed=0x1");
  // Rows that see nothing of a split, and one that sees nothing of any.
  expect_decode("b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=16 kv=300 mask=window:2,0 data=normal seed=0x1");
  expect_decode("b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=0 kv=300 mask=none data=normal seed=0x1");
}

/// Every entry with score modifiers, each modifier alone and all of them; rows at any address too (an odd d);
/// one split and several; 16 rows of a block and more.
TEST(FlashDecode, SoftcapAlibiAndSink) {
  for (const char* modifiers :
       {"softcap=30", "softcap=1", "alibi=on", "sink=seeded", "sink=-100", "softcap=50 alibi=on sink=seeded"})
    for (int d : {16, 63, 64, 128, 129, 200, 256})
      for (const char* layout : {"left mem=bhsd", "packed page=16", "both mem=bshd.view page=48"})
        for (const char* heads : {"hq=6 hk=2 q=2,1,0", "hq=12 hk=3 q=5,16,1"})
          expect_decode(
              fmt::format("b=3 {} d={} dv={} dt={} lay={} kv=330,64,0 mask={} {} data=normal "
                          "seed=0x{:x}",
                          heads, d, d, d % 3 == 0 ? "bf16" : "f16", layout,
                          d % 2 == 0 ? "causal_br" : "window:200,2", modifiers, d));
}

/// A sink above, below and among the scores, over one split and over three: it counts once.
TEST(FlashDecode, ASinkAgainstExtremeScores) {
  for (const char* data : {"normal", "rising", "falling", "very_negative", "huge", "one_hot", "equal"})
    for (const char* sink : {"10000", "-10000", "0"})
      for (const char* layout : {"right", "right page=16"})
        expect_decode(
            fmt::format("b=2 hq=2 hk=1 d=64 dv=64 dt=f16 lay={} q=3,16 kv=300,9 mask=causal_br sink={} "
                        "data={} seed=0x5",
                        layout, sink, data));
}

TEST(FlashDecode, RowsThatSeeTheirSinkAlone) {
  for (const char* mask : {"none", "causal_br", "window:3,0"})
    expect_decode(fmt::format(
        "b=4 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left page=16 q=16,5,7,16 kv=10,0,1,300 mask={} softcap=2 "
        "alibi=on sink=seeded data=normal seed=0x1",
        mask));
}

/// Modifiers too.
TEST(FlashDecode, DetectorsAreQuietUnderEveryOrderAndWithLateCopies) {
  for (const char* order : {"round-robin", "reversed", "random", "far-ahead"})
    for (const char* layout : {"left", "both mem=bshd.view", "packed page=16"})
      for (const char* modifiers : {"", "softcap=20 alibi=on sink=seeded"})
        for (const char* heads : {"hq=4 hk=2 q=2,1", "hq=8 hk=2 q=16,7"})
          expect_decode(
              fmt::format("b=2 {} d=72 dv=64 dt=f16 lay={} kv=300,64 mask=causal_br {} data=normal seed=0x1",
                          heads, layout, modifiers),
              test::every_detector(order));
}

TEST(FlashDecode, TensorCoresOfEveryModel) {
  for (const char* model : {"exact", "truncating-sm80", "truncating-sm90"})
    for (const char* modifiers : {"", "softcap=20 alibi=on sink=seeded"})
      for (int d : {64, 250})
        expect_decode(
            fmt::format("b=2 hq=8 hk=2 d={} dv={} dt=bf16 lay=left page=16 q=5,1 kv=300,64 mask=causal_br {} "
                        "data=normal seed=0x1",
                        d, d, modifiers),
            {{"tensor", model}, {"approx", "perturbed"}});
}

TEST(FlashDecode, SaysWhatItDoesNotTake) {
  const auto why = [](const std::string& line) {
    return flash_decode().supports(test::read_case(line)).why_not;
  };
  EXPECT_THAT(why("b=1 hq=1 hk=1 d=64 dv=64 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1"),
              HasSubstr("f16 and bf16"));
  EXPECT_THAT(why("b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=17 kv=20 mask=none data=normal seed=0x1"),
              HasSubstr("q_len 17 is above 16"));
}

// --- Fast
// -------------------------------------------------------------------------------------------------------

/// Bytes that the splits' kernel reads from global memory, over those of the valid rows of K and V.
double bytes_read_over_valid(const std::string& line) {
  static const auto driver = driver::Driver::load(DeviceChoice::soft).value();
  const Case c = test::read_case(line);
  driver->soft().reset_counters();
  if (!flash_decode().run(lay_out(c, make_data(c.problem).value())))
    throw std::runtime_error("not run: " + line);
  double sectors = 0;
  for (const auto& kernel : nlohmann::json::parse(driver->soft().counters_json())) {
    if (kernel.at("kernel").get<std::string>().find("combine") != std::string::npos) continue;
    for (const auto& [access, traffic] : kernel.at("memory").at("global").items())
      if (access != "all" && access.find("st") != 0) sectors += traffic.value("sectors", 0.0);
  }
  double rows = 0;
  for (const SequenceLengths& one : c.problem.sequences) rows += one.kv_len;
  return 32 * sectors / (rows * c.problem.h_kv * 2 * (c.problem.d_qk + c.problem.d_v));
}

/// A batch that fills the GPU, so that Q is read once and not once a split.
TEST(FlashDecode, ReadsTheValidRowsOfKeysAndValuesOnce) {
  for (const char* layout : {"left", "right mem=bhsd", "packed page=16", "left page=64"}) {
    const double ratio = bytes_read_over_valid(
        fmt::format("b=2 hq=216 hk=108 d=64 dv=64 dt=f16 lay={} q=1,1 kv=900,401 mask=causal_br data=normal "
                    "seed=0x1",
                    layout));
    std::printf("lay=%s: %.4f\n", layout, ratio);
    EXPECT_GE(ratio, 1.0) << layout;
    EXPECT_LE(ratio, 1.02) << layout;
  }
}

/// Of 4,096 rows the window shows a few: no other is read, within its tile or not.
TEST(FlashDecode, RowsThatNoQuerySeesAreNotRead) {
  const auto rows_read = [](int kv, int seen) {
    return kv * bytes_read_over_valid(
                    fmt::format("b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=right q=1 kv={} mask=window:{},0 "
                                "data=normal seed=0x1",
                                kv, seen - 1));
  };
  EXPECT_EQ(rows_read(4096, 13) - rows_read(4096, 8), 5);
  EXPECT_EQ(rows_read(4096, 8), rows_read(1024, 8));
}

/// Keys that all queries see cost under a mask what they cost without one; splits are the same.
TEST(FlashDecode, TilesThatEveryQuerySeesRunWithoutAMask) {
  for (const char* heads : {"hq=2 hk=1", "hq=16 hk=1"}) {
    const auto of_more_keys = [&](const char* mask) {
      const auto with = [&](int kv) {
        return test::warp_instructions(
            kDecode, fmt::format("b=1 {} d=64 dv=64 dt=f16 lay=right q=3 kv={} mask={} data=normal seed=0x1",
                                 heads, kv, mask));
      };
      return with(1152) - with(576);
    };
    EXPECT_EQ(of_more_keys("causal_br"), of_more_keys("none")) << heads;
    EXPECT_EQ(of_more_keys("window:inf,0"), of_more_keys("none")) << heads;
  }
}

TEST(FlashDecode, NoEntrySpills) { test::expect_no_spills(kDecode, 32); }

}  // namespace
}  // namespace flashdiff
