#include "harness/bench/kernels_bench.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/figures/tile_work.h"
#include "properties/tests/timing/faked.h"

/// Entries of `flashdiff bench --device gpu`, made on the software driver: everything but the times.
namespace flashdiff {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using timing::testing::Faked;

/// A short case of the forward kernel, of the one that decodes, and of an append.
std::vector<figures::Shape> few(const kernels::KernelPlan& plan) {
  if (plan.tile == nullptr && plan.most_queries == 0 && plan.pass != Pass::append) return {};
  Case c;
  c.problem.pass = plan.pass;
  c.problem.sequences = {{100, 100}, {30, 30}};
  c.problem.dtype = DType::f16;
  c.problem.mask.kind = plan.pass == Pass::append ? MaskKind::none : MaskKind::causal_bottom_right;
  if (plan.most_queries > 0) c.problem.sequences = {{1, 100}, {1, 30}};
  if (plan.pass == Pass::append) c.problem.rope = Rope{};
  c.layout.padding = Padding::left;
  return {{"short", c}};
}

class KernelsOnSoftcuda : public ::testing::Test {
 protected:
  KernelsOnSoftcuda() {
    // One process, one context: who runs these tests in one.
    if (auto* context = benchmark::internal::GetGlobalContext(); context != nullptr) context->clear();
    bench_.plan.seconds = 0;
    bench_.plan.at_least = 2;
    bench_.repetitions = 2;
    bench_.shapes = few;
    bench_.cudnn = false;
    bench_.plan.l2 = timing::L2::keep;  // a flush of 80 MB takes the software driver longer than the kernel
    bench_.backend.device = DeviceChoice::soft;
    bench_.backend.soft_threads = 1;
  }
  ~KernelsOnSoftcuda() override { benchmark::ClearRegisteredBenchmarks(); }

  /// Google Benchmark's own JSON.
  json told() {
    const auto registered = register_kernel_benchmarks(bench_);
    EXPECT_TRUE(registered) << registered.error().what;
    std::ostringstream out, err;
    benchmark::JSONReporter reporter;
    reporter.SetOutputStream(&out);
    reporter.SetErrorStream(&err);
    benchmark::RunSpecifiedBenchmarks(&reporter);
    return json::parse(out.str());
  }
  static const json& entry(const json& all, const std::string& kernel, int repetition = 0) {
    const std::string name = fmt::format("gpu/{}/short/iterations:1/repeats:2/manual_time", kernel);
    for (const json& one : all.at("benchmarks"))
      if (one.at("name") == name && one.value("repetition_index", -1) == repetition) return one;
    throw std::runtime_error(name + " is missing in " + all.dump(1));
  }
  KernelsBench bench_;
};

TEST_F(KernelsOnSoftcuda, AnEntryARepetitionWithUsefulWorkASecond) {
  const Faked nvml;
  nvml->megahertz = 1980;
  nvml->milliwatts = 700'000;
  nvml->reasons[0] = 0x4;  // of the very first sample
  nvml->of = 2;
  const json all = told();
  for (const int repetition : {0, 1}) {
    const json& forward = entry(all, "flash_forward", repetition);
    const Problem problem = few(kernels::all_kernels().front().plan).front().question.problem;
    EXPECT_EQ(forward.at("time_unit"), "us");
    EXPECT_NEAR(forward.at("items_per_second").get<double>() * forward.at("real_time").get<double>() * 1e-6,
                problem.useful_flops(), 1);
    EXPECT_EQ(forward.at("samples"), 2);
    EXPECT_EQ(forward.value("discarded", 0), repetition == 0 ? 1 : 0);
    EXPECT_EQ(forward.at("sm_megahertz"), 1980);
    EXPECT_EQ(forward.at("watts"), 700);
    EXPECT_GT(forward.at("tile_flops"), problem.useful_flops());
    EXPECT_EQ(forward.at("padded_flops"), problem.useful_flops() * figures::dense_over_needed(problem));
    // 130 rows of Q, K, V and O, 64 halves each, and of LSE, one float.
    EXPECT_EQ(forward.at("bytes"), 130 * (4 * 64 * 2 + 4));
    EXPECT_FALSE(forward.contains("of_tensor_peak")) << "no peak of the software driver is published";
  }
  const json& append = entry(all, "append_kv");
  EXPECT_NEAR(append.at("bytes_per_second").get<double>() * append.at("real_time").get<double>() * 1e-6,
              append.at("bytes").get<double>(), 1);
  EXPECT_NO_THROW(entry(all, "flash_decode"));
}

TEST_F(KernelsOnSoftcuda, WhatIsNotThereIsInTheContext) {
  setenv("FLASHDIFF_NVML", "/no/such/libnvidia-ml.so.1", 1);
  const json all = told();
  unsetenv("FLASHDIFF_NVML");
  EXPECT_THAT(all.at("context").at("gpu").get<std::string>(), HasSubstr("softcuda"));
  EXPECT_EQ(all.at("context").at("gpu_l2"), "keep");
  EXPECT_THAT(all.at("context").at("nvml").get<std::string>(),
              AllOf(HasSubstr("none"), HasSubstr("/no/such/libnvidia-ml.so.1")));
  EXPECT_FALSE(entry(all, "flash_decode").contains("watts"));
}

/// The kernel's own code with another exponential.
TEST_F(KernelsOnSoftcuda, WhatHasNotPassedHasNoTime) {
  const std::filesystem::path file =
      std::filesystem::path(::testing::TempDir()) / fmt::format("flashdiff-wrong-{}.ptx", getpid());
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    if (kernel.name != "flash_forward") continue;
    std::string image(kernel.image);
    constexpr std::string_view kRight = "ex2.approx.ftz.f32", kWrong = "lg2.approx.ftz.f32";
    std::size_t replaced = 0;
    for (std::size_t at = 0; (at = image.find(kRight, at)) != std::string::npos; ++replaced)
      image.replace(at, kRight.size(), kWrong);
    ASSERT_GT(replaced, 0u);
    std::ofstream(file) << image;
  }
  bench_.backend.images["flash_forward"] = file.string();
  const json all = told();
  std::filesystem::remove(file);
  const json& wrong = entry(all, "flash_forward");
  EXPECT_TRUE(wrong.at("error_occurred").get<bool>());
  EXPECT_THAT(wrong.at("error_message").get<std::string>(), HasSubstr("no time: "));
  EXPECT_FALSE(wrong.contains("items_per_second"));
  EXPECT_FALSE(entry(all, "flash_decode").contains("error_occurred"));
}

/// Beside ours where its libraries are; and as nothing executes here, without a time. Elsewhere the context
/// says why not.
TEST_F(KernelsOnSoftcuda, CudnnHasTheSameShapesOrAReason) {
  bench_.cudnn = true;
  bench_.shapes = [](const kernels::KernelPlan& plan) {
    return plan.tile != nullptr ? few(plan) : std::vector<figures::Shape>();
  };
  const json all = told();
  const auto said = all.at("context").at("cudnn").get<std::string>();
  if (said.starts_with("none: ")) GTEST_SKIP() << "cuDNN: " << said;
  EXPECT_THAT(said, HasSubstr("cuDNN 9."));
  for (const char* way : {"cudnn", "cudnn_bias"})
    EXPECT_THAT(entry(all, way).at("error_message").get<std::string>(), HasSubstr("no time: not executed"))
        << way;
}

TEST_F(KernelsOnSoftcuda, WithoutAGpuThereIsAReason) {
  bench_.backend.device = DeviceChoice::gpu;
  const auto registered = register_kernel_benchmarks(bench_);
  if (registered) GTEST_SKIP() << "SKIPPED: there is a GPU here";
  EXPECT_EQ(registered.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(registered.error().what, HasSubstr("libcuda.so.1"));
}

}  // namespace
}  // namespace flashdiff
