#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/driver/driver.h"
#include "harness/problem/data.h"
#include "harness/problem/numbers.h"
#include "properties/tests/kernels/on_softcuda.h"
#include "reference/rotary.h"

// append_kv: positions, pages and pieces of rows against the reference and its budget, and how many bytes it
// moves, counted.

namespace flashdiff {
namespace {

using test::expect_within;
using test::kernel;
using ::testing::HasSubstr;

constexpr const char* kAppend = "append_kv";
Backend& append_kv() { return kernel(kAppend); }

/// "b=1 hq=..." without what every append has.
Case read_append(const std::string& line) { return test::read_case("pass=append mask=none " + line); }

void expect_appended(Backend& backend, const Case& c) {
  const std::string line = print(c);
  const LogicalData data = make_data(c.problem).value();
  const auto answer = backend.run(lay_out(c, data));
  ASSERT_TRUE(answer) << line << "\n" << answer.error().what;
  EXPECT_EQ(answer->touched.count, 0)
      << line << "\n"
      << (answer->touched.first.empty() ? "" : answer->touched.first[0].where);
  const BudgetedAppend expected = append_kv_with_budget(c.problem, data, backend.numerics(c.problem));
  expect_within(expected.reference.q_rot, expected.budget.q_rot, answer->q_rot, "turned Q", line);
  expect_within(expected.reference.k, expected.budget.k, answer->k, "K", line);
  expect_within(expected.reference.v, expected.budget.v, answer->v, "V", line);
}
void expect_appended(const std::string& line) { expect_appended(append_kv(), read_append(line)); }

const std::vector<const char*> kLayouts{"left",
                                        "right pad=3",
                                        "both mem=bhsd",
                                        "packed",
                                        "left page=16",
                                        "right mem=bhsd page=48",
                                        "both mem=bshd.view page=32",
                                        "packed mem=bhsd.view pad=1"};
const std::vector<const char*> kForms{"rope=half", "rope=interleaved", ""};

// --- Right
// ------------------------------------------------------------------------------------------------------

TEST(AppendKv, EveryLayoutPoisonFormAndDtype) {
  for (const char* layout : kLayouts)
    for (const char* poison : {"nan", "inf", "huge", "dirty"})
      for (const char* form : kForms)
        for (const char* dtype : {"f32", "f16", "bf16"})
          expect_appended(
              fmt::format("b=4 hq=4 hk=2 d=64 dv=64 dt={} lay={} q=3,1,0,20 kv=40,17,9,20 {} "
                          "data=normal seed=0x1 poison={}",
                          dtype, layout, form, poison));
}

/// Head dims and turned columns that go in pieces of 16 bytes, and that do not.
TEST(AppendKv, EveryNumberOfColumns) {
  for (const char* dtype : {"f32", "f16", "bf16"})
    for (const char* layout : {"left", "right mem=bhsd.view page=16"})
      for (const auto& [d, dv] : {std::pair{1, 3},
                                  {2, 2},
                                  {8, 8},
                                  {16, 24},
                                  {31, 32},
                                  {64, 128},
                                  {72, 72},
                                  {96, 96},
                                  {128, 128},
                                  {192, 128},
                                  {255, 8},
                                  {256, 256}}) {
        expect_appended(
            fmt::format("b=2 hq=2 hk=2 d={} dv={} dt={} lay={} q=2,5 kv=3,33 data=normal seed=0x2", d, dv,
                        dtype, layout));
        for (int turned : {2, 8, 10, 16, 32, 64, 80, 128, 254, 256})
          if (turned <= d)
            for (const char* form : {"half", "interleaved"})
              expect_appended(
                  fmt::format("b=2 hq=2 hk=2 d={} dv={} dt={} lay={} q=2,5 kv=3,33 rope={}:{} "
                              "data=normal seed=0x2",
                              d, dv, dtype, layout, form, turned));
      }
}

TEST(AppendKv, HeadsThatShareKeys) {
  for (const char* heads : {"hq=1 hk=1", "hq=8 hk=1", "hq=6 hk=3", "hq=70 hk=7"})
    for (const char* form : kForms)
      expect_appended(
          fmt::format("b=2 {} d=64 dv=32 dt=f16 lay=left page=16 q=1,3 kv=300,3 {} data=normal "
                      "seed=0x3",
                      heads, form));
}

TEST(AppendKv, EveryFamilyOfData) {
  for (const char* family :
       {"uniform", "equal", "huge", "tiny", "very_negative", "rising", "falling", "one_hot", "alternating"})
    for (const char* dtype : {"f32", "f16", "bf16"})
      for (const char* form : {"rope=half", "rope=interleaved:32,500000"})
        expect_appended(
            fmt::format("b=2 hq=2 hk=1 d=64 dv=64 dt={} lay=both q=7,4 kv=70,4 {} data={} seed=0x5", dtype,
                        form, family));
}

/// A position is a number of tokens: it moves neither with the padding nor with the page.
TEST(AppendKv, SameBitsInEveryLayout) {
  for (const char* form : kForms) {
    std::vector<std::byte> first;
    for (const char* layout : kLayouts) {
      const Case c = read_append(
          fmt::format("b=3 hq=2 hk=1 d=64 dv=64 dt=bf16 lay={} q=3,1,20 kv=40,17,20 {} data=normal seed=0x1",
                      layout, form));
      const auto answer = append_kv().run(lay_out(c, make_data(c.problem).value()));
      ASSERT_TRUE(answer);
      if (first.empty()) first = answer->bytes_of_rows;
      EXPECT_EQ(answer->bytes_of_rows, first) << layout;
    }
  }
}

TEST(AppendKv, NothingToAppend) {
  expect_appended("b=2 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=0,0 kv=0,17 rope=half data=normal seed=0x1");
}

TEST(AppendKv, SaysWhatItDoesNotTake) {
  const Case forward =
      test::read_case("b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=2 kv=2 mask=none data=normal seed=0x1");
  EXPECT_THAT(append_kv().supports(forward).why_not, HasSubstr("appends to the cache only"));
  Case append = forward;
  append.problem.pass = Pass::append;
  for (const char* other : {"flash_forward", "flash_forward_simt", "flash_decode", "flash_backward"})
    EXPECT_FALSE(kernel(other).supports(append).yes) << other;
}

const std::vector<std::string> kForDetectors{
    "b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=4,15,0 kv=100,15,9 rope=half data=normal seed=0x1",
    "b=2 hq=2 hk=1 d=31 dv=32 dt=bf16 lay=both mem=bhsd.view page=16 q=5,3 kv=130,70 rope=interleaved "
    "data=normal seed=0x1",
    "b=2 hq=40 hk=8 d=128 dv=128 dt=f32 lay=packed q=2,1 kv=70,7 rope=half:64 data=normal seed=0x1"};

TEST(AppendKv, DetectorsAreQuietUnderEveryOrder) {
  for (const char* order : {"round-robin", "reversed", "random", "far-ahead"})
    for (const std::string& line : kForDetectors)
      expect_appended(kernel(kAppend, test::every_detector(order)), read_append(line));
}

// --- Fast
// -------------------------------------------------------------------------------------------------------

struct Bytes {
  double loaded = 0, stored = 0;
};

/// Bytes of the sectors of global memory that were asked for.
Bytes bytes_moved(const Case& c) {
  static const auto driver = driver::Driver::load(DeviceChoice::soft).value();
  driver->soft().reset_counters();
  if (!append_kv().run(lay_out(c, make_data(c.problem).value()))) throw std::runtime_error("not run");
  Bytes moved;
  for (const auto& kernel : nlohmann::json::parse(driver->soft().counters_json()))
    for (const auto& [access, traffic] : kernel.at("memory").at("global").items())
      if (access != "all")
        (access.find("st") == 0 ? moved.stored : moved.loaded) += 32 * traffic.value("sectors", 0.0);
  return moved;
}

/// Every row once, from where it is to where it goes, and the positions' cosines and sines; a warp reads
/// besides where its token lies. Views are left out: their rows begin at odd multiples of 16 bytes, where no
/// sector is moved whole.
TEST(AppendKv, MovesTheBytesOfTheNewRowsAndNoMore) {
  for (const char* layout : {"left", "right mem=bhsd", "packed page=16", "left mem=bhsd page=64"})
    for (const char* dtype : {"f16", "f32"})
      for (const char* form : {"rope=half", "rope=interleaved", "rope=half:32", ""}) {
        const Case c = read_append(fmt::format(
            "b=3 hq=8 hk=2 d=64 dv=128 dt={} lay={} q=5,1,33 kv=90,401,33 {} data=normal seed=0x1", dtype,
            layout, form));
        const Problem& p = c.problem;
        double tokens = 0;
        for (const SequenceLengths& one : p.sequences) tokens += one.q_len;
        const double rows =
            tokens * ((p.h_q + p.h_kv) * p.d_qk + p.h_kv * p.d_v) * static_cast<double>(bytes_of(p.dtype));
        const double table = tokens * p.rope_dim() * 4;
        const Bytes moved = bytes_moved(c);
        EXPECT_EQ(moved.stored, rows) << print(c);
        EXPECT_GE(moved.loaded, rows + table) << print(c);
        // Each warp of a block, of 4 at most, reads where the token lies, member by member, a sector each: 2
        // of NewToken, 4 of Sequence, 1 of the block table.
        const double where = 4 * tokens * 32 * (c.layout.page > 0 ? 7 : 6);
        EXPECT_LE(moved.loaded, rows + table + where) << print(c);
      }
}

TEST(AppendKv, PaddingCostsNothingOnEitherSide) {
  const auto padded = [](const std::string& layout) {
    return test::warp_instructions(
        kAppend, "pass=append mask=none rope=half b=3 hq=4 hk=2 d=64 dv=64 dt=f16 lay=" + layout +
                     " q=4,1,7 kv=100,100,200 data=normal seed=0x1");
  };
  const double packed = padded("packed");
  EXPECT_EQ(padded("left"), packed);
  EXPECT_EQ(padded("right"), packed);
  EXPECT_EQ(padded("both pad=64"), packed);
}

TEST(AppendKv, NoEntrySpills) { test::expect_no_spills(kAppend, 12); }

}  // namespace
}  // namespace flashdiff
