#include "harness/bench/softcuda_bench.h"

#include <string>

#include <benchmark/benchmark.h>

#include "harness/backend/answerers/registry.h"
#include "harness/bench/measure.h"
#include "harness/driver/driver.h"
#include "harness/problem/data.h"
#include "kernels/kernel.h"

namespace flashdiff {
namespace {

using detail::Fastest;
using detail::Gemm;

struct SoftcudaShape {
  const char* name;
  int q_len, kv_len, d, h_q, h_kv;
  MaskKind mask;
  DType dtype;
};
constexpr SoftcudaShape kSoftcudaShapes[] = {
    {"prefill_256_d64_f16", 256, 256, 64, 4, 2, MaskKind::none, DType::f16},
    {"prefill_256_d64_f16_causal", 256, 256, 64, 4, 2, MaskKind::causal_bottom_right, DType::f16},
    {"prefill_256_d128_f32", 256, 256, 128, 2, 2, MaskKind::none, DType::f32},
    {"decode_1024_d128_bf16", 1, 1024, 128, 16, 4, MaskKind::none, DType::bf16},
};

Case case_of(const SoftcudaShape& shape) {
  Case c;
  c.problem.sequences = {{shape.q_len, shape.kv_len}};
  c.problem.h_q = shape.h_q;
  c.problem.h_kv = shape.h_kv;
  c.problem.d_qk = c.problem.d_v = shape.d;
  c.problem.mask.kind = shape.mask;
  c.problem.dtype = shape.dtype;
  return c;
}

unsigned long long warp_instructions(const driver::Driver& driver) {
  SoftcudaCounters counters{};
  driver.soft().counters(&counters);
  return counters.warp_instructions;
}

void answer(benchmark::State& state, const std::string& backend_name, const SoftcudaShape& shape) {
  const auto driver = driver::Driver::load(DeviceChoice::soft);
  auto backend = open_backend(backend_name, {DeviceChoice::soft, {}, {}, 1});
  if (!driver || !backend)
    return state.SkipWithError(driver ? backend.error().what.c_str() : driver.error().what.c_str());
  const Case c = case_of(shape);
  if (const Support support = (*backend)->supports(c); !support.yes)
    return state.SkipWithError(support.why_not.c_str());
  const LaidOut sent = lay_out(c, make_data(c.problem).value());
  Gemm<float> gemm;
  Fastest kernel(detail::process_seconds), product(detail::process_seconds);
  unsigned long long issued = 0;
  for ([[maybe_unused]] auto _ : state) {
    const unsigned long long before = warp_instructions(**driver);
    bool good = false;
    kernel.time([&] { good = (*backend)->run(sent).has_value(); });
    issued = warp_instructions(**driver) - before;
    state.PauseTiming();
    if (!good) return state.SkipWithError("the kernel failed");
    product.time(gemm);
    state.ResumeTiming();
  }
  const double flops = c.problem.forward_flops();
  state.counters["warp_instructions"] = static_cast<double>(issued);
  state.counters["warp_instructions_per_second"] = static_cast<double>(issued) / kernel.seconds();
  state.counters["of_eigen_gemm"] = flops / kernel.seconds() / (Gemm<float>::flops() / product.seconds());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(flops));
}

/// Time with all detectors over time without, in turn.
void cost_of_checks(benchmark::State& state, const std::string& backend_name, const SoftcudaShape& shape) {
  const auto driver = driver::Driver::load(DeviceChoice::soft);
  auto backend = open_backend(backend_name, {DeviceChoice::soft, {}, {}, 1});
  if (!driver || !backend)
    return state.SkipWithError(driver ? backend.error().what.c_str() : driver.error().what.c_str());
  const Case c = case_of(shape);
  if (const Support support = (*backend)->supports(c); !support.yes)
    return state.SkipWithError(support.why_not.c_str());
  const LaidOut sent = lay_out(c, make_data(c.problem).value());
  Fastest base(detail::process_seconds), checked(detail::process_seconds);
  const auto run = [&](const char* checks, Fastest& fastest) {
    bool good = (*driver)->set_soft("check", checks).has_value();
    fastest.time([&] { good = (*backend)->run(sent).has_value() && good; });
    return (*driver)->set_soft("check", "memory,sync").has_value() && (*driver)->findings().has_value() &&
           good;
  };
  for ([[maybe_unused]] auto _ : state) {
    bool good = run("all", checked);
    state.PauseTiming();
    good = run("memory,sync", base) && good;
    if (!good) return state.SkipWithError("the kernel failed, or a detector raised a false alarm");
    state.ResumeTiming();
  }
  state.counters["over_plain"] = checked.seconds() / base.seconds();
}

}  // namespace

Outcome<void> register_softcuda_benchmarks() {
  if (const auto driver = driver::Driver::load(DeviceChoice::soft); !driver)
    return tl::unexpected<Error>(driver.error());
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    const std::string name(kernel.name);
    // Asked of the plan: opening all kernels would parse all of their PTX, whatever is to be measured.
    const auto takes = [&](const SoftcudaShape& shape) {
      return kernel.plan.why_not(case_of(shape)).empty();
    };
    for (const SoftcudaShape& shape : kSoftcudaShapes)
      if (takes(shape))
        benchmark::RegisterBenchmark(("softcuda/" + name + '/' + shape.name).c_str(), answer, name, shape)
            ->Unit(benchmark::kMillisecond);
    if (takes(kSoftcudaShapes[0]))
      benchmark::RegisterBenchmark(
          ("softcuda/" + name + '/' + kSoftcudaShapes[0].name + "/all_checks").c_str(), cost_of_checks, name,
          kSoftcudaShapes[0])
          ->Unit(benchmark::kMillisecond);
  }
  return {};
}

}  // namespace flashdiff
