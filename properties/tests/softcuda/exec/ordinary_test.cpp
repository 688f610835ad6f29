#include <numeric>
#include <random>

#include "properties/tests/softcuda/exec/on_machine.h"

/// Ordinary kernels, compiled by nvcc, against a few lines on the host.
namespace softcuda::testing {
namespace {

template <class... P>
void launch(const std::string& kernel, exec::Dim3 grid, exec::Dim3 block, std::uint32_t shared, P... p) {
  const auto image = compiled("ordinary");
  ASSERT_TRUE(image);
  const auto done = machine().launch(*image->kernel(kernel), grid, block, shared, parameters(p...));
  ASSERT_TRUE(done) << done.error().fault.report << exec::name_of(done.error().refused);
}

TEST(Ordinary, Transpose) {
  const int rows = 70, columns = 45;
  std::vector<float> in(static_cast<std::size_t>(rows * columns));
  std::iota(in.begin(), in.end(), 0.0f);
  const OnDevice<float> a(in), b(std::vector<float>(in.size()));
  launch("transpose", {2, 3, 1}, {32, 8, 1}, 0, a.address(), b.address(), rows, columns);
  const auto out = b.values();
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c)
      ASSERT_EQ(out[static_cast<std::size_t>(c * rows + r)], in[static_cast<std::size_t>(r * columns + c)]);
  }
}

TEST(Ordinary, SumOfManyBlocks) {
  std::vector<int> in(10007);
  std::iota(in.begin(), in.end(), -3000);
  const OnDevice<int> a(in), b(std::vector<int>(1));
  launch("sum", {7, 1, 1}, {256, 1, 1}, 0, a.address(), b.address(), static_cast<int>(in.size()));
  EXPECT_EQ(b.values()[0], std::accumulate(in.begin(), in.end(), 0));
}

TEST(Ordinary, Histogram) {
  std::mt19937 engine(3);
  std::vector<unsigned char> in(20000);
  std::vector<unsigned> wanted(256);
  for (auto& x : in) ++wanted[x = static_cast<unsigned char>(engine() % 256 * (engine() % 256) / 256)];
  const OnDevice<unsigned char> a(in);
  const OnDevice<unsigned> b(std::vector<unsigned>(256));
  launch("histogram", {5, 1, 1}, {192, 1, 1}, 0, a.address(), b.address(), static_cast<int>(in.size()));
  EXPECT_EQ(b.values(), wanted);
}

TEST(Ordinary, ScanInDynamicSharedMemory) {
  std::vector<int> in(500);
  std::iota(in.begin(), in.end(), 1);
  const OnDevice<int> a(in);
  launch("scan", {1, 1, 1}, {512, 1, 1}, 512 * 4, a.address(), 500);
  std::partial_sum(in.begin(), in.end(), in.begin());
  EXPECT_EQ(a.values(), in);
}

/// Also under detectors: the reserved barriers are written (zero), and in nobody's way.
TEST(Ordinary, TilesOfSeveralWarps) {
  for (const char* checks : {"memory,sync", "all"}) {
    const exec::Settings before = machine().settings();
    exec::Settings looked_at = before;
    ASSERT_TRUE(looked_at.set("check", checks));
    machine().set(looked_at);
    machine().reset_reports();
    const OnDevice<int> out(std::vector<int>(128));
    launch("sum_of_tiles", {1, 1, 1}, {128, 1, 1}, 0, out.address());
    machine().set(before);
    const auto sums = out.values();
    for (std::size_t i = 0; i < sums.size(); ++i) ASSERT_EQ(sums[i], 64 * (i < 64 ? 63 : 64 + 127)) << i;
    for (const auto& report : machine().reports()) ADD_FAILURE() << report.text;
  }
}

TEST(Ordinary, NamedBarriersAndBarrierReductions) {
  const OnDevice<int> x(std::vector<int>(128));
  launch("named_barriers", {1, 1, 1}, {128, 1, 1}, 0, x.address(), 3);
  const auto out = x.values();
  for (int t = 0; t < 128; ++t)
    EXPECT_EQ(out[static_cast<std::size_t>(t)], (t ^ 32) * 3 * 1000 + 64 + 1 + 2) << t;
}

TEST(Ordinary, TheLastBlockAddsUp) {
  const OnDevice<int> parts(std::vector<int>(640)), out(std::vector<int>(1));
  launch("last_block", {10, 1, 1}, {64, 1, 1}, 0, parts.address(), out.address(), 5);
  EXPECT_EQ(out.values()[0], 64 * (10 * 5 + 45));
}

TEST(Ordinary, ABlockMayWaitForAnEarlierOne) {
  const OnDevice<int> x(std::vector<int>(16));
  launch("chained", {16, 1, 1}, {32, 1, 1}, 0, x.address(), 3);
  EXPECT_EQ(x.values()[15], 48);
}

}  // namespace
}  // namespace softcuda::testing
