#include "harness/cli/check_run.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/context.h"
#include "harness/run/worker.h"

namespace flashdiff::cli {
namespace {

/// The row of a run that is written on from here on; what it has is counted.
Outcome<std::int64_t> gone_on_with(const Unfinished& before, Store& store, Resumed& resumed,
                                   CheckProgress& progress) {
  const auto count = [&](const CaseRecord& record) {
    resumed.add(record);
    progress.had(record);
  };
  return store.for_each_case(count, before.run)
      .and_then([&] { return store.keep(kept_writers, std::to_string(before.run), this_writer()); })
      .map([&] { return before.run; });
}

}  // namespace

ExitCode exit_code_of(const Tally& tally, bool finished) {
  if (tally.failed > 0) return kernel_wrong;
  return finished && tally.judged() > 0 && tally.not_executed == 0 ? as_expected : incomplete;
}

Outcome<CheckRun> check_run(const CheckOptions& options, Subject subject, const Cases& cases) {
  CheckRun run;
  RunPlan& plan = run.plan;
  plan.shard = cases.shard;
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  plan.jobs = options.jobs > 0 ? options.jobs : processors;
  subject.options.soft_threads = std::max(1, processors / plan.jobs);
  plan.worker = worker_command(subject);
  plan.backends = subject.backends;
  for (const std::string& backend : plan.backends)
    plan.repro_options[backend] = repro_options(options.subject, backend);
  plan.cases = cases.count;
  plan.seconds = options.seconds;
  plan.timeout_seconds = options.timeout_seconds;
  plan.memory = options.memory;
  plan.relations = options.relations;
  Outcome<RunContext> context = context_of(subject, cases.seed);
  if (!context) return tl::unexpected<Error>(context.error());
  run.context = std::move(*context);
  run.not_asked = subject.not_asked;
  plan.devices = devices_of(subject).value();
  // Before the store: a kernel that cannot be loaded leaves no empty run behind.
  run.ready = std::make_unique<Worker>(plan.worker, plan.timeout_seconds, plan.memory);
  if (auto ready = run.ready->ready(); !ready) return tl::unexpected<Error>(ready.error());
  return run;
}

Outcome<RunEnd> run_check(CheckRun& run, const Cases& cases, Store& store, const std::string& plan,
                          const std::optional<Unfinished>& before, CheckProgress& progress,
                          const std::atomic<bool>& stop) {
  const Outcome<std::int64_t> row =
      before ? gone_on_with(*before, store, run.plan.before, progress)
             : store.begin_run(run.context, {{kept_plans, plan}, {kept_writers, this_writer()}});
  if (!row) return tl::unexpected<Error>(row.error());
  fmt::print(stderr, "{} on {}: {}, {} workers{}\n", fmt::join(run.plan.backends, ", "), run.context.device,
             cases.words, run.plan.jobs, run.not_asked.empty() ? "" : "; not asked: " + run.not_asked);
  Outcome<RunEnd> end = run_cases(run.plan, *cases.source, store, *row, progress, stop, std::move(run.ready));
  const bool finished = end.has_value() && *end == RunEnd::finished;
  progress.summary(finished);
  if (!end) return end;
  if (auto ended = store.end_run(*row, finished); !ended) return tl::unexpected<Error>(ended.error());
  return end;
}

}  // namespace flashdiff::cli
