#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "harness/softcuda/count/sectors.h"
#include "harness/softcuda/count/wavefronts.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Sectors, wavefronts, operations and divergence of kernels (counted.cu) whose figures follow on paper.
namespace softcuda::testing {
namespace {

using count::Access;
using count::KernelCounters;
using count::Space;
using count::Traffic;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// Of one launch of one warp.
template <class... P>
KernelCounters counted(const std::string& kernel, u32 shared, P... p) {
  static const auto image = compiled("counted");
  machine().reset_counters();
  const auto done = machine().launch(*image->kernel(kernel), {1, 1, 1}, {32, 1, 1}, shared, parameters(p...));
  EXPECT_TRUE(done) << done.error().fault.report << exec::name_of(done.error().refused);
  const auto all = machine().kernel_counters();
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? KernelCounters{} : all.front();
}
Traffic of(const KernelCounters& c, Space space, Access access) {
  return c.traffic[static_cast<std::size_t>(space)][static_cast<std::size_t>(access)];
}
Traffic global_loads(const KernelCounters& c) { return of(c, Space::global, Access::load); }
Traffic global_stores(const KernelCounters& c) { return of(c, Space::global, Access::store); }
Traffic shared_loads(const KernelCounters& c) { return of(c, Space::shared, Access::load); }
Traffic shared_stores(const KernelCounters& c) { return of(c, Space::shared, Access::store); }

/// 4,096 floats each way. Addresses of allocations are multiples of 256 bytes.
class Counted : public ::testing::Test {
 protected:
  OnDevice<float> in_{std::vector<float>(4096)}, out_{std::vector<float>(4096)};
  u64 in() const { return in_.address(); }
  u64 out() const { return out_.address(); }
  void SetUp() override {
    ASSERT_EQ(in() % 256, 0u);
    ASSERT_EQ(out() % 256, 0u);
  }
};

/// "requests, units, ideal, bytes", for a comparison that says what differs.
void expect_traffic(const Traffic& is, u64 requests, u64 units, u64 ideal, u64 bytes) {
  EXPECT_EQ(is.requests, requests);
  EXPECT_EQ(is.units, units);
  EXPECT_EQ(is.ideal, ideal);
  EXPECT_EQ(is.bytes, bytes);
}

TEST_F(Counted, SectorsOfStridedLoads) {
  // 32 floats at a stride: a sector holds 8 neighbours.
  for (const auto& [stride, sectors] :
       std::map<int, u64>{{1, 4}, {2, 8}, {3, 12}, {4, 16}, {8, 32}, {32, 32}}) {
    SCOPED_TRACE(stride);
    const auto c = counted("strided", 0, in(), out(), stride, 0);
    expect_traffic(global_loads(c), 1, sectors, 4, 128);
    expect_traffic(global_stores(c), 1, 4, 4, 128);
  }
  expect_traffic(global_loads(counted("strided", 0, in(), out(), 0, 0)), 1, 1, 1, 128);  // one for all
  expect_traffic(global_loads(counted("strided", 0, in(), out(), 1, 3)), 1, 5, 4, 128);  // misaligned
  expect_traffic(global_loads(counted("strided", 0, in(), out(), 1, 8)), 1, 4, 4, 128);  // by a whole sector
  expect_traffic(global_loads(counted("backwards", 0, in(), out())), 1, 4, 4, 128);
}

TEST_F(Counted, SectorsOfVectors) {
  const auto c = counted("vectors", 0, in(), out());
  expect_traffic(global_loads(c), 1, 16, 16, 512);
  expect_traffic(global_stores(c), 1, 16, 16, 512);
}

TEST_F(Counted, TransposesOfATile) {
  const auto naive = counted("transpose_naive", 0, in(), out());
  expect_traffic(shared_stores(naive), 32, 32, 32, 4096);
  expect_traffic(shared_loads(naive), 32, 32 * 32, 32, 4096);  // a column lies in one bank
  for (const char* kernel : {"transpose_padded", "transpose_swizzled"}) {
    SCOPED_TRACE(kernel);
    const auto c = counted(kernel, 0, in(), out());
    expect_traffic(shared_stores(c), 32, 32, 32, 4096);
    expect_traffic(shared_loads(c), 32, 32, 32, 4096);
    expect_traffic(global_loads(c), 32, 32 * 4, 32 * 4, 4096);
    expect_traffic(global_stores(c), 32, 32 * 4, 32 * 4, 4096);
  }
  const auto in_global = counted("transpose_in_global", 0, in(), out());
  expect_traffic(global_loads(in_global), 32, 32 * 4, 32 * 4, 4096);
  expect_traffic(global_stores(in_global), 32, 32 * 32, 32 * 4, 4096);
}

TEST_F(Counted, WavefrontsOfStridesAndSharedWords) {
  const std::map<int, u64> of_stride{{0, 1}, {1, 1}, {2, 2}, {3, 1}, {4, 4}, {16, 16}, {32, 32}, {33, 1}};
  for (const auto& [stride, fronts] : of_stride) {
    SCOPED_TRACE(stride);
    expect_traffic(shared_loads(counted("shared_stride", 8192, out(), stride)), 1, fronts, 1, 128);
  }
  // Two words: of one bank, of two.
  for (const auto& [distance, fronts] :
       std::map<int, u64>{{0, 1}, {1, 1}, {31, 1}, {32, 2}, {33, 1}, {64, 2}}) {
    SCOPED_TRACE(distance);
    expect_traffic(shared_loads(counted("shared_halves", 8192, out(), distance)), 1, fronts, 1, 128);
  }
  // 16 bytes a lane: 8 lanes at once, over 8 neighbourhoods of 4 banks.
  for (const auto& [stride, fronts] : std::map<int, u64>{{0, 4}, {1, 4}, {2, 8}, {4, 16}, {8, 32}, {9, 4}}) {
    SCOPED_TRACE(stride);
    expect_traffic(shared_loads(counted("shared_vectors", 8192, out(), stride)), 1, fronts, 4, 512);
  }
  // Atomics: who wants the same word waits as well.
  for (const auto& [distance, fronts] : std::map<int, u64>{{0, 32}, {1, 1}, {2, 2}, {32, 32}}) {
    SCOPED_TRACE(distance);
    const auto c = counted("shared_atomics", 8192, distance);
    expect_traffic(of(c, Space::shared, Access::atomic), 1, fronts, 1, 128);
  }
}

TEST_F(Counted, RowsOfMatrices) {
  // Each of four matrices: 8 rows of 16 bytes, one wavefront at best; rows 128 bytes apart share their banks.
  for (const auto& [pitch, fronts] : std::map<int, u64>{{16, 4}, {32, 8}, {128, 32}, {144, 4}}) {
    SCOPED_TRACE(pitch);
    const auto c = counted("matrices", 8192, out(), pitch);
    expect_traffic(of(c, Space::shared, Access::matrix), 1, fronts, 4, 512);
  }
}

TEST_F(Counted, AsynchronousCopies) {
  const auto copied = [&](int odd_bytes) { return counted("copies", 0, in(), out(), odd_bytes); };
  for (const auto& [odd_bytes, ideal] : std::map<int, u64>{{16, 16}, {8, 12}, {0, 8}}) {
    SCOPED_TRACE(odd_bytes);
    const auto c = copied(odd_bytes);
    // Each sector holds an even lane's 16 bytes, and an odd lane's.
    expect_traffic(of(c, Space::global, Access::async_copy), 1, 16, ideal,
                   16 * 16 + 16 * static_cast<u64>(odd_bytes));
    expect_traffic(of(c, Space::shared, Access::async_copy), 1, 4, 4, 512);  // zeros are written too
  }
}

TEST_F(Counted, LanesThatGoDifferentWays) {
  const auto c = counted("diverges", 0, out(), 5);
  EXPECT_EQ(c.divergences, 5u);
  expect_traffic(global_stores(c), 10, 10 * 4, 10 * 2, 10 * 16 * 4);  // half of each sector
  const auto split =
      std::ranges::count_if(c.lines, [](const auto& line) { return line.second.divergences == 5; });
  EXPECT_EQ(split, 1);
  EXPECT_EQ(counted("diverges", 0, out(), 0).divergences, 0u);
}

TEST_F(Counted, LocalMemoryIsInterleaved) {
  const OnDevice<int> same(std::vector<int>(32, 5));
  std::vector<int> each(32);
  for (int lane = 0; lane < 32; ++lane) each[static_cast<std::size_t>(lane)] = lane % 8;
  const OnDevice<int> different(each);
  const auto local = [&](u64 index, Access access) {
    return of(counted("local_array", 0, index, out()), Space::local, access);
  };
  expect_traffic(local(same.address(), Access::store), 8, 8 * 4, 8 * 4, 8 * 128);
  expect_traffic(local(same.address(), Access::load), 1, 4, 4, 128);
  expect_traffic(local(different.address(), Access::load), 1, 32, 4, 128);  // 8 words in each 8 lanes
}

TEST_F(Counted, OperationsByType) {
  const auto c = counted("operations", 0, out(), 7);
  const auto flops = [&](count::Flops type) { return c.flops[static_cast<std::size_t>(type)]; };
  EXPECT_EQ(c.tensor, (std::map<std::string, u64>{{"mma.m16n8k16.f32.f16", 7}}));
  EXPECT_EQ(flops(count::Flops::tensor_f16), 7u * 2 * 16 * 8 * 16);
  EXPECT_EQ(flops(count::Flops::f32), 32u * (7 * 2 + 3));  // fma; three additions at the end
  EXPECT_EQ(flops(count::Flops::f64), 32u * 7);
  EXPECT_EQ(flops(count::Flops::f16), 32u * 7 * 2 * 2);
  const auto tensor = c.by_class[static_cast<std::size_t>(count::Class::tensor)];
  EXPECT_EQ(tensor.warp, 7u);
  EXPECT_EQ(tensor.thread, 7u * 32);
}

TEST_F(Counted, LinesAndClassesAddUp) {
  const auto c = counted("transpose_naive", 0, in(), out());
  count::Instructions by_class, by_line;
  for (const auto& one : c.by_class) by_class += one;
  Traffic shared;
  for (const auto& [place, line] : c.lines) {
    by_line += line.instructions;
    shared += line.traffic[static_cast<std::size_t>(Space::shared)];
  }
  EXPECT_EQ(by_class, c.instructions);
  EXPECT_EQ(by_line, c.instructions);
  EXPECT_EQ(shared, c.of(Space::shared));
  // The conflicts are one line's, and the line is this module's.
  const auto conflicts = std::ranges::find_if(c.lines, [](const auto& line) {
    return line.second.traffic[static_cast<std::size_t>(Space::shared)].units == 32 * 32;
  });
  ASSERT_NE(conflicts, c.lines.end());
  EXPECT_TRUE(conflicts->first.first.ends_with("counted.cu")) << conflicts->first.first;
}

/// Whoever looks on, however many threads run it, and in whatever order its warps have their turns.
TEST(CountedTheSame, ForAnyThreadsDetectorsAndTurns) {
  const auto image = compiled("torture");
  ASSERT_TRUE(image);
  std::vector<unsigned> values(5000);
  for (unsigned k = 0; k < 5000; ++k) values[k] = k * 2654435761u;
  const OnDevice<unsigned> input(values), output(std::vector<unsigned>(10000)),
      meet(std::vector<unsigned>(5000));
  const auto kernels = [&](auto change) {
    const WithSettings some(change);
    machine().reset_counters();
    for (const char* name : {"nested_loops", "irregular", "calls"})
      EXPECT_TRUE(machine().launch(*image->kernel(name), {40, 1, 1}, {128, 1, 1}, 0,
                                   parameters(input.address(), output.address(), meet.address(), 5000)));
    return machine().kernel_counters();
  };
  const auto first = kernels([](auto& s) { s.threads = 1; });
  ASSERT_EQ(first.size(), 3u);
  EXPECT_GT(first[1].divergences, 0u);
  EXPECT_EQ(first, kernels([](auto& s) { s.threads = 3; }));
  EXPECT_EQ(first, kernels([](auto& s) { s.checks.race = s.checks.init = s.checks.sync = true; }));
  EXPECT_EQ(first, kernels([](auto& s) { s.checks.sync = false; }));
  for (const exec::WarpOrder order : {exec::WarpOrder::reversed, exec::WarpOrder::far_ahead})
    EXPECT_EQ(first, kernels([=](auto& s) { s.warp_order = order; }));
  // Random orders end turns early, and lanes that are apart there may stay so for longer: how often groups of
  // lanes execute depends on it, what lanes execute does not.
  const auto random = kernels([](auto& s) { s.warp_order = exec::WarpOrder::random; });
  ASSERT_EQ(random.size(), first.size());
  for (std::size_t k = 0; k < first.size(); ++k) {
    EXPECT_EQ(random[k].instructions.thread, first[k].instructions.thread);
    EXPECT_EQ(random[k].of(Space::global).bytes, first[k].of(Space::global).bytes);
    EXPECT_EQ(random[k].flops, first[k].flops);
  }
}

/// What is known of an instruction's last access is used for the next one only where it holds: against counts
/// made without memory.
TEST(SharedPattern, SaysWhatCountingAnewSays) {
  std::mt19937 engine(11);
  const auto any = [&](u32 below) { return static_cast<u32>(engine() % below); };
  int covered = 0;
  for (const u32 bytes : {1u, 2u, 4u, 8u, 16u}) {
    count::SharedPattern pattern;
    for (int round = 0; round < 4000; ++round) {
      const u32 begin = any(64) * bytes, step = any(3) * bytes,
                lanes = any(2) == 0 ? 0xffffffffu : any(4) + 1;
      u32 offset[32];
      for (u32 lane = 0; lane < 32; ++lane) offset[lane] = begin + lane * step * (any(40) == 0 ? 2 : 1);
      if (pattern.covers(offset, lanes, bytes))
        ++covered;
      else
        pattern.take(offset, lanes, bytes, false);
      ASSERT_EQ(pattern.wavefronts, count::wavefronts(offset, lanes, bytes));
      ASSERT_EQ(pattern.ideal, count::ideal_wavefronts(lanes, bytes));
      const auto [low, high] = std::minmax_element(offset, offset + 32);
      ASSERT_EQ((offset[0] & ~3u) - std::min(*low, offset[0] & ~3u), pattern.below);
      ASSERT_EQ(*high - (offset[0] & ~3u), pattern.above);
    }
  }
  EXPECT_GT(covered, 100);
}

}  // namespace
}  // namespace softcuda::testing
