#include "harness/bench/worker_bench.h"

#include <benchmark/benchmark.h>

#include "harness/backend/answerers/registry.h"
#include "harness/bench/measure.h"
#include "harness/oracle/judge.h"
#include "harness/run/worker.h"

namespace flashdiff {
namespace {

using detail::Fastest;
using detail::wall_seconds;

/// As little as there is to examine, so that what the process costs is most of it.
constexpr const char* one_key =
    "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=right q=1 kv=1 mask=none data=normal seed=1";
constexpr double timeout_seconds = 60;

void one_case(benchmark::State& state, const std::string& kernel, const std::vector<std::string>& command) {
  const auto here = open_backend(kernel, {DeviceChoice::soft, {}, {}, 1});
  if (!here) return state.SkipWithError(here.error().what.c_str());
  Worker worker(command, timeout_seconds);
  if (const auto ready = worker.ready(); !ready) return state.SkipWithError(ready.error().what.c_str());
  const Case question = parse_case(one_key).value();
  Fastest there_took(wall_seconds), here_took(wall_seconds);
  for ([[maybe_unused]] auto _ : state) {
    Outcome<Examination> there = harness_error("not asked");
    there_took.time([&] { there = worker.examine(kernel, one_key); });
    if (!there) return state.SkipWithError(there.error().what.c_str());
    if (is_failure(there->verdict)) return state.SkipWithError(explain(there->verdict).c_str());
    here_took.time([&] { benchmark::DoNotOptimize(examine(**here, question)); });
  }
  state.counters["overhead_milliseconds"] = 1e3 * (there_took.seconds() - here_took.seconds());
  state.counters["here_milliseconds"] = 1e3 * here_took.seconds();
}

}  // namespace

void register_worker_benchmarks(
    const std::function<std::vector<std::string>(const std::string& kernel)>& command_of) {
  for (const BackendEntry& entry : backend_registry()) {
    if (!entry.on_device || entry.known_wrong || entry.gpu_only || entry.pass != Pass::forward) continue;
    benchmark::RegisterBenchmark(("worker/" + entry.name + "/one_key").c_str(), one_case, entry.name,
                                 command_of(entry.name))
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace flashdiff
