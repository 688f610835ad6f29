#include "harness/bench/check_bench.h"

#include <string>

#include <benchmark/benchmark.h>

#include "harness/backend/answerers/registry.h"
#include "harness/oracle/judge.h"
#include "properties/random_cases.h"

namespace flashdiff {
namespace {

constexpr int cases_a_round = 100;
constexpr std::uint64_t grown = 100;  ///< the first draws of a run are small ones

void check(benchmark::State& state, const std::string& backend_name) {
  auto backend = open_backend(backend_name, {DeviceChoice::soft, {}, {}, 1});
  if (!backend) return state.SkipWithError(backend.error().what.c_str());
  for ([[maybe_unused]] auto _ : state) {
    RandomCases cases(1, {});
    for (int i = 0; i < cases_a_round; ++i) {
      const Examination examined =
          examine(**backend, cases.draw(grown + static_cast<std::uint64_t>(i))->value);
      if (is_failure(examined.verdict)) return state.SkipWithError(explain(examined.verdict).c_str());
    }
  }
  state.SetItemsProcessed(state.iterations() * cases_a_round);
}

}  // namespace

void register_check_benchmarks() {
  for (const BackendEntry& entry : backend_registry()) {
    if (entry.pass != Pass::forward || entry.known_wrong) continue;
    benchmark::RegisterBenchmark(("check/" + entry.name + "/random_cases").c_str(), check, entry.name)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace flashdiff
