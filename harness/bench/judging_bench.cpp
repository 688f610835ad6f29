#include "harness/bench/judging_bench.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/backend/answerers/registry.h"
#include "harness/bench/measure.h"
#include "harness/oracle/judge.h"
#include "properties/random_cases.h"
#include "reference/attention.h"
#include "reference/backward.h"
#include "reference/given.h"
#include "reference/rotary.h"

namespace flashdiff {
namespace {

using detail::Fastest;

constexpr std::uint64_t first_case = 100, end_of_cases = 200;  // the first draws of a run are small ones

/// One case that a backend takes, and the fastest of what each part of it took.
struct Asked {
  Case question;
  LogicalData data;
  LaidOut sent;
  Fastest reference{}, judged{}, kernel{};
};

std::vector<Asked> asked_of(const BackendEntry& entry, const Backend& backend) {
  CaseOptions options;
  options.pass = entry.pass;
  options.most_queries = entry.most_queries;
  RandomCases cases(1, options);
  std::vector<Asked> asked;
  for (std::uint64_t index = first_case; index < end_of_cases; ++index) {
    Case question = cases.draw(index)->value;
    if (!backend.supports(question).yes) continue;
    LogicalData data = make_given(question.problem).value();
    LaidOut sent = lay_out(question, data);
    asked.push_back({std::move(question), std::move(data), std::move(sent)});
  }
  return asked;
}

void answer_alone(const Problem& problem, const LogicalData& data) {
  switch (problem.pass) {
    case Pass::forward: benchmark::DoNotOptimize(attention_forward(problem, data)); break;
    case Pass::backward: benchmark::DoNotOptimize(attention_backward(problem, data)); break;
    case Pass::append: benchmark::DoNotOptimize(append_kv(problem, data)); break;
  }
}

void random_cases(benchmark::State& state, const BackendEntry& entry) {
  const auto backend = open_backend(entry.name, {DeviceChoice::soft, {}, {}, 1});
  if (!backend) return state.SkipWithError(backend.error().what.c_str());
  std::vector<Asked> all = asked_of(entry, **backend);
  for ([[maybe_unused]] auto _ : state)
    for (Asked& one : all) {
      const Problem& problem = one.question.problem;
      Outcome<Answer> answer = harness_error("not run");
      one.kernel.time([&] { answer = (*backend)->run(one.sent); });
      if (!answer) return state.SkipWithError(answer.error().what.c_str());
      const Numerics numerics = (*backend)->numerics(problem);
      one.judged.time([&] {
        benchmark::DoNotOptimize(judge(one.question, numerics, wanted(problem, one.data, numerics), *answer));
      });
      one.reference.time([&] { answer_alone(problem, one.data); });
    }
  double reference = 0, judged = 0, kernel = 0;
  std::vector<double> whole;
  for (const Asked& one : all) {
    reference += one.reference.seconds();
    judged += one.judged.seconds();
    kernel += one.kernel.seconds();
    whole.push_back(one.judged.seconds() + one.kernel.seconds());
  }
  if (whole.empty()) return state.SkipWithError("no case that it takes");
  const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2);
  std::nth_element(whole.begin(), middle, whole.end());
  state.counters["judge_over_reference"] = judged / reference;
  state.counters["judge_over_kernel"] = judged / kernel;
  state.counters["median_case_milliseconds"] = 1e3 * *middle;
  state.counters["cases"] = static_cast<double>(all.size());
}

}  // namespace

void register_judging_benchmarks() {
  for (const BackendEntry& entry : backend_registry()) {
    if (!entry.on_device || entry.known_wrong || entry.gpu_only) continue;
    benchmark::RegisterBenchmark(("judging/" + entry.name + "/random_cases").c_str(), random_cases, entry)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace flashdiff
