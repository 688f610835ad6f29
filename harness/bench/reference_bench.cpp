#include "harness/bench/reference_bench.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/bench/measure.h"
#include "harness/oracle/judge.h"
#include "harness/problem/data.h"
#include "harness/problem/numbers.h"
#include "reference/attention.h"
#include "reference/backward.h"
#include "reference/given.h"

namespace flashdiff {
namespace {

using detail::Fastest;
using detail::Gemm;

struct ReferenceShape {
  const char* name;
  int length, d, heads;
  MaskKind mask;
};
constexpr ReferenceShape kReferenceShapes[] = {
    {"2048_keys_d128", 2048, 128, 1, MaskKind::none},
    {"2048_keys_d128_causal", 2048, 128, 1, MaskKind::causal_bottom_right},
    {"256_keys_d64_causal", 256, 64, 8, MaskKind::causal_bottom_right},
    {"256_keys_d64", 256, 64, 8, MaskKind::none},
    {"64_keys_d32", 64, 32, 32, MaskKind::none},
};

Problem problem_of(const ReferenceShape& shape) {
  Problem problem;
  problem.sequences = {{shape.length, shape.length}};
  problem.h_q = problem.h_kv = shape.heads;
  problem.d_qk = problem.d_v = shape.d;
  problem.mask.kind = shape.mask;
  problem.dtype = DType::f16;
  return problem;
}

void reference_forward(benchmark::State& state, const ReferenceShape& shape) {
  const Problem problem = problem_of(shape);
  const LogicalData data = make_data(problem).value();
  Gemm<double> gemm;
  Fastest reference, product;
  for ([[maybe_unused]] auto _ : state) {
    reference.time([&] { benchmark::DoNotOptimize(attention_forward(problem, data)); });
    state.PauseTiming();
    product.time(gemm);
    state.ResumeTiming();
  }
  const double rate = problem.forward_flops() / reference.seconds();
  state.counters["of_eigen_gemm"] = rate / (Gemm<double>::flops() / product.seconds());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(problem.forward_flops()));
}

void reference_backward(benchmark::State& state, const ReferenceShape& shape) {
  Problem problem = problem_of(shape);
  problem.pass = Pass::backward;
  const LogicalData data = make_given(problem).value();
  Gemm<double> gemm;
  Fastest reference, product;
  for ([[maybe_unused]] auto _ : state) {
    reference.time([&] { benchmark::DoNotOptimize(attention_backward(problem, data)); });
    state.PauseTiming();
    product.time(gemm);
    state.ResumeTiming();
  }
  const double rate = problem.backward_flops() / reference.seconds();
  state.counters["of_eigen_gemm"] = rate / (Gemm<double>::flops() / product.seconds());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(problem.backward_flops()));
}

void with_budget(benchmark::State& state, const ReferenceShape& shape) {
  const Problem problem = problem_of(shape);
  const LogicalData data = make_data(problem).value();
  const Numerics numerics{.p = DType::f16, .out = DType::f16};
  Fastest budgeted, plain;
  for ([[maybe_unused]] auto _ : state) {
    budgeted.time([&] { benchmark::DoNotOptimize(attention_forward_with_budget(problem, data, numerics)); });
    state.PauseTiming();
    plain.time([&] { benchmark::DoNotOptimize(attention_forward(problem, data)); });
    state.ResumeTiming();
  }
  state.counters["budget_over_reference"] = budgeted.seconds() / plain.seconds();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(problem.forward_flops()));
}

/// The answer of a kernel that makes no error but the last.
Answer rounded_answer(const Problem& problem, const Wanted& want) {
  Answer answer;
  for (const WantedTensor& output : want.outputs) {
    LogicalTensor<float>& got = answer.of(output.role);
    std::vector<int> rows(static_cast<std::size_t>(output.want.sequences()));
    for (std::size_t s = 0; s < rows.size(); ++s) rows[s] = output.want.rows(static_cast<int>(s));
    got = {std::move(rows), output.want.heads(), output.want.width()};
    std::ranges::transform(output.want.values(), got.values().begin(),
                           [](double value) { return static_cast<float>(value); });
    round_all(output.role == TensorRole::lse ? DType::f32 : problem.dtype, got.values());
  }
  return answer;
}

/// All that a case costs beside running it: the reference with its budget, and the judgement.
void judged(benchmark::State& state, const ReferenceShape& shape, Pass pass) {
  Problem problem = problem_of(shape);
  problem.pass = pass;
  const LogicalData data = make_given(problem).value();
  const Numerics numerics{.p = DType::f16, .ds = DType::f16, .out = DType::f16};
  const Case question{problem, {}};
  const Answer answer = rounded_answer(problem, wanted(problem, data, numerics));
  Fastest all, plain;
  for ([[maybe_unused]] auto _ : state) {
    all.time([&] {
      benchmark::DoNotOptimize(judge(question, numerics, wanted(problem, data, numerics), answer));
    });
    state.PauseTiming();
    plain.time([&] {
      if (pass == Pass::forward)
        benchmark::DoNotOptimize(attention_forward(problem, data));
      else
        benchmark::DoNotOptimize(attention_backward(problem, data));
    });
    state.ResumeTiming();
  }
  state.counters["judge_over_reference"] = all.seconds() / plain.seconds();
  const double flops = pass == Pass::forward ? problem.forward_flops() : problem.backward_flops();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(flops));
}

}  // namespace

void register_reference_benchmarks() {
  for (const ReferenceShape& shape : kReferenceShapes) {
    const std::string name = std::string("reference/") + shape.name;
    benchmark::RegisterBenchmark((name + "/forward").c_str(), reference_forward, shape)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/with_budget").c_str(), with_budget, shape)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/judged").c_str(), judged, shape, Pass::forward)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/backward").c_str(), reference_backward, shape)
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/backward_judged").c_str(), judged, shape, Pass::backward)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace flashdiff
