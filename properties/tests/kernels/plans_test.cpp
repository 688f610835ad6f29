#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/decode_tiles.h"
#include "kernels/kernel.h"
#include "kernels/ptxas.h"
#include "properties/tests/kernels/on_softcuda.h"
#include "reference/given.h"

// Plans, which are arithmetic: what they ask nvcc's entries for, what they refuse and why, how they split.

namespace flashdiff {
namespace {

using test::kernel_named;
using ::testing::HasSubstr;

std::vector<kernels::Launch> launches_of(const kernels::Kernel& kernel, const std::string& line) {
  const Case c = test::read_case(line);
  if (!kernel.plan.why_not(c).empty()) return {};
  return kernel.plan.plan(lay_out(c, make_given(c.problem).value()), {});
}

// --- Entries
// ------------------------------------------------------------------------------------------------------

/// Small cases of everything that a plan chooses an entry by: dtype, head dim, rows at multiples of 16 bytes
/// or not, score modifiers, rows of a tile, splits, form of the rotary embedding.
void for_each_choice(const kernels::Kernel& kernel, const std::function<void(const std::string&)>& visit) {
  const bool appends = kernel.plan.pass == Pass::append;
  std::vector<std::string> extras{"mask=none", "mask=none softcap=30", "mask=none alibi=on",
                                  "mask=none sink=seeded"};
  if (appends) extras = {"mask=none", "mask=none rope=half", "mask=none rope=interleaved"};
  std::vector<std::string> lengths{"hq=2 hk=1 q=1 kv=9"};
  if (kernel.plan.most_queries > 0) lengths = {"hq=2 hk=1 q=1 kv=9", "hq=2 hk=1 q=16 kv=300"};
  for (const char* dtype : {"f32", "f16", "bf16"})
    for (int d : {2, 8, 31, 32, 33, 40, 64, 65, 72, 96, 97, 104, 128, 129, 136, 192, 193, 200, 255, 256})
      for (const std::string& extra : extras)
        for (const std::string& of_length : lengths)
          visit(fmt::format("b=1 {} d={} dv={} dt={} lay=right {} pass={} data=normal seed=0x1", of_length, d,
                            d, dtype, extra, name_of(kernel.plan.pass)));
}

/// The compiler's time is for what a plan can ask for, and a plan asks for nothing that is not there.
TEST(Plans, EveryEntryIsAskedForAndNoOther) {
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    std::set<std::string> there, asked;
    for (const kernels::PtxasRow& row : kernels::parse_ptxas(kernel.ptxas)) there.insert(row.entry);
    for_each_choice(kernel, [&](const std::string& line) {
      for (const kernels::Launch& launch : launches_of(kernel, line)) asked.insert(launch.entry);
    });
    EXPECT_EQ(asked, there) << kernel.name;
  }
}

// --- Refusals
// ------------------------------------------------------------------------------------------------------

struct Refused {
  std::vector<std::string> kernels;
  std::function<void(Case&)> change;
  std::string why;
};

const std::vector<std::string> kOfForward{"flash_forward", "flash_forward_simt", "flash_decode"};
const std::vector<std::string> kOfBackward{"flash_backward", "flash_backward_deterministic"};
const std::vector<std::string> kOnTensorCores{"flash_forward", "flash_decode", "flash_backward",
                                              "flash_backward_deterministic"};

/// Every reason of every plan; some are of cases that no line can name.
std::vector<Refused> refusals() {
  constexpr int kLong = 1 << 29;
  const auto sequences = [](int count, SequenceLengths each) {
    return [=](Case& c) { c.problem.sequences.assign(static_cast<std::size_t>(count), each); };
  };
  const auto head_dim = [](int d_qk, int d_v) {
    return [=](Case& c) { c.problem.d_qk = d_qk, c.problem.d_v = d_v; };
  };
  const auto pass = [](Pass of) { return [=](Case& c) { c.problem.pass = of; }; };
  const auto paged = [](Case& c) { c.layout.page = 16; };
  return {
      {kOfForward, pass(Pass::backward), "computes the forward pass only"},
      {kOfForward, pass(Pass::append), "computes the forward pass only"},
      {kOfBackward, pass(Pass::forward), "computes the backward pass only"},
      {{"append_kv"}, pass(Pass::forward), "appends to the cache only"},
      {kOnTensorCores, [](Case& c) { c.problem.dtype = DType::f32; }, "f16 and bf16, not f32"},
      {kOnTensorCores, head_dim(257, 64), "head dim 257 is above 256"},
      {kOnTensorCores, head_dim(64, 300), "head dim 300 is above 256"},
      {{"flash_forward_simt"}, head_dim(64, 129), "head dim 129 is above 128"},
      {{"flash_forward", "flash_forward_simt"}, paged, "flash_decode takes pages"},
      {kOfBackward, paged, "it takes rows of one stride"},
      {{"flash_forward", "flash_forward_simt", "flash_backward", "flash_backward_deterministic"},
       sequences(1, {kLong, 1}),
       "a length above 2^29"},
      {kOfForward, sequences(1, {1, kLong}), "a length above 2^29"},
      {kOfBackward, sequences(1, {1, kLong}), "a length above 2^29"},
      {{"flash_forward", "flash_backward", "flash_backward_deterministic"},
       [=](Case& c) {
         sequences(1024, {1 << 20, 1})(c);
         c.problem.h_q = 1024;
       },
       "fit a grid"},
      {{"flash_forward_simt"}, sequences(65536, {1, 1}), "fit a grid"},
      {{"flash_forward_simt"}, [](Case& c) { c.problem.h_q = 65536; }, "fit a grid"},
      {{"flash_decode"}, sequences(1, {17, 20}), "q_len 17 is above 16"},
      {{"flash_decode"},
       [=](Case& c) {
         sequences(2, {1, (1 << 24) - 16})(c);
         c.layout.page = 16;
       },
       "rows of K in pages"},
      {{"flash_decode"},
       [=](Case& c) {
         sequences(1 << 20, {1, 1})(c);
         c.problem.h_q = c.problem.h_kv = 1024;
       },
       "fit a grid"},
      {{"append_kv"}, sequences(4, {kLong, kLong}), "new tokens: at most"},
      {{"append_kv"},
       [=](Case& c) {
         head_dim(512, 64)(c);
         c.problem.rope = Rope{};
       },
       "512 columns to turn: at most 256"},
  };
}

/// A case that the kernel takes.
Case taken(const kernels::Kernel& kernel) {
  Case c;
  c.problem.pass = kernel.plan.pass;
  c.problem.dtype = DType::f16;
  c.problem.sequences = {{1, 20}};
  return c;
}

TEST(Plans, RefuseWithAReason) {
  for (const Refused& one : refusals())
    for (const std::string& name : one.kernels) {
      const kernels::Kernel& kernel = kernel_named(name);
      Case c = taken(kernel);
      EXPECT_EQ(kernel.plan.why_not(c), "") << name;
      one.change(c);
      EXPECT_THAT(kernel.plan.why_not(c), HasSubstr(one.why)) << name;
    }
}

/// What is large, and taken all the same: a cache in rows may have more of them than fit an index of pages.
TEST(Plans, TakeWhatIsLarge) {
  Case c = taken(kernel_named("flash_decode"));
  c.problem.sequences.assign(64, {1, 1 << 20});
  EXPECT_EQ(kernel_named("flash_decode").plan.why_not(c), "") << "2^26 rows of K";
  c.layout.page = 16;
  EXPECT_EQ(kernel_named("flash_decode").plan.why_not(c), "") << "2^20 rows a sequence";
  c = taken(kernel_named("flash_forward"));
  c.problem.sequences.assign(1024, {1 << 20, 1 << 20});
  EXPECT_EQ(kernel_named("flash_forward").plan.why_not(c), "");
}

// --- Splits
// ------------------------------------------------------------------------------------------------------

/// Blocks of the splits' kernel a K/V head, and rows that are merged.
struct Split {
  std::uint32_t splits = 0, merges = 0;
  bool operator==(const Split&) const = default;
};
Split split(const std::string& line) {
  const Case c = test::read_case(line + " d=8 dv=8 dt=f16 mask=none data=normal seed=0x1");
  const auto launches = kernel_named("flash_decode").plan.plan(lay_out(c, make_given(c.problem).value()), {});
  const auto heads = static_cast<std::uint32_t>(c.problem.h_kv);
  if (launches.empty()) return {};
  return {launches[0].grid[0] / heads, launches.size() > 1 ? launches[1].grid[0] / heads : 0};
}

/// The top of the plan, worked out by hand: kv tiles of 64 keys, splits of two tiles at least, 216 blocks.
TEST(Plans, SplitsFillTheGpuAndNoMore) {
  ASSERT_EQ(kernels::DecodeTiles::kKeys, 64);
  // 64 tiles: 32 splits of two, 128 blocks for 4 K/V heads.
  EXPECT_EQ(split("b=1 hq=4 hk=4 lay=packed q=1 kv=4096"), (Split{32, 1}));
  // 8 K/V heads: 27 splits fit, so they are of three tiles: 22.
  EXPECT_EQ(split("b=1 hq=8 hk=8 lay=packed q=1 kv=4096"), (Split{22, 1}));
  // Up to two tiles are one split, and nothing is merged.
  EXPECT_EQ(split("b=1 hq=1 hk=1 lay=packed q=1 kv=128"), (Split{1, 0}));
  EXPECT_EQ(split("b=1 hq=1 hk=1 lay=packed q=1 kv=129"), (Split{2, 1}));
  // A batch that fills the GPU alone is not split: 216 blocks.
  EXPECT_EQ(split("b=2 hq=108 hk=108 lay=packed q=1,1 kv=900,900"), (Split{2, 0}));
  // A long sequence among short ones gets most of them.
  EXPECT_EQ(split("b=4 hq=1 hk=1 lay=left q=1,1,1,1 kv=4096,64,64,64"), (Split{32 + 3, 1}));
  // Rows of a split: 16 heads of a group times 4 tokens are a tile of 64, times 5 two tiles.
  EXPECT_EQ(split("b=1 hq=16 hk=1 lay=packed q=4 kv=129"), (Split{2, 1}));
  EXPECT_EQ(split("b=1 hq=16 hk=1 lay=packed q=5 kv=129"), (Split{4, 2}));
  // Empty ones: a sequence without keys still writes O = 0 once, one without queries nothing.
  EXPECT_EQ(split("b=3 hq=1 hk=1 lay=left q=1,0,1 kv=0,500,64"), (Split{2, 0}));
  // Neither pages nor padding move a split.
  EXPECT_EQ(split("b=1 hq=8 hk=8 lay=left pad=7 page=16 q=1 kv=4096"), (Split{22, 1}));
}

}  // namespace
}  // namespace flashdiff
