#include "harness/bench/launch_bench.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/bench/measure.h"
#include "harness/softcuda/exec/machine.h"
#include "harness/softcuda/ptx/parser.h"

namespace flashdiff {
namespace {

namespace exec = softcuda::exec;

constexpr const char* kVectorAdd = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry add(.param .u64 a, .param .u64 b, .param .u64 c) {
  .reg .b32 %r<5>; .reg .f32 %f<4>; .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [a]; ld.param.u64 %rd2, [b]; ld.param.u64 %rd3, [c];
  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x;
  mad.lo.u32 %r4, %r1, %r2, %r3; mul.wide.u32 %rd4, %r4, 4;
  add.u64 %rd1, %rd1, %rd4; add.u64 %rd2, %rd2, %rd4; add.u64 %rd3, %rd3, %rd4;
  ld.global.f32 %f1, [%rd1]; ld.global.f32 %f2, [%rd2]; add.f32 %f3, %f1, %f2; st.global.f32 [%rd3], %f3;
  ret;
}
)";

/// c = a + b by blocks of 256 threads, one element each: the time of a launch, as its caller sees it.
void launches(benchmark::State& state, std::uint32_t blocks, unsigned threads) {
  exec::Machine machine(std::uint64_t{1} << 26);
  auto module = softcuda::ptx::parse(kVectorAdd, "vector_add.ptx");
  if (!module) return state.SkipWithError(module.error().what.c_str());
  const auto image = machine.load(std::move(*module));
  if (!image) return state.SkipWithError("vector_add does not load");
  std::uint64_t vectors[3] = {};
  const std::vector<float> ones(256 * blocks, 1.0f);
  for (std::uint64_t& vector : vectors) {
    vector = machine.memory().allocate(4 * ones.size()).value_or(0);
    (void)machine.memory().copy_in(vector, ones.data(), 4 * ones.size());
  }
  std::vector<std::byte> parameters(sizeof vectors);
  std::memcpy(parameters.data(), vectors, sizeof vectors);
  exec::Settings settings;
  settings.threads = threads;
  machine.set(settings);
  const exec::Kernel* kernel = (*image)->kernel("add");
  detail::Fastest one(detail::process_seconds);
  for ([[maybe_unused]] auto _ : state) {
    bool good = false;
    one.time([&] { good = machine.launch(*kernel, {blocks, 1, 1}, {256, 1, 1}, 0, parameters).has_value(); });
    if (!good) return state.SkipWithError("the kernel failed");
  }
  state.counters["fastest_microseconds"] = 1e6 * one.seconds();
}

}  // namespace

void register_launch_benchmarks() {
  benchmark::RegisterBenchmark("softcuda/launch/one_block", launches, 1u, 1u)->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("softcuda/launch/8_blocks_2_threads", launches, 8u, 2u)
      ->Unit(benchmark::kMicrosecond)
      ->MeasureProcessCPUTime();
}

}  // namespace flashdiff
