#include <filesystem>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/asked_pass.h"
#include "harness/cli/check_options.h"
#include "harness/cli/check_plan.h"
#include "harness/cli/check_progress.h"
#include "harness/cli/classes_table.h"
#include "harness/cli/command_line.h"
#include "harness/cli/context.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/stop.h"
#include "harness/run/runner.h"
#include "harness/run/store.h"
#include "harness/run/worker.h"

namespace flashdiff::cli {
namespace {

ExitCode exit_code_of(const Tally& tally, bool finished) {
  if (tally.failed > 0) return kernel_wrong;
  return finished && tally.judged() > 0 && tally.not_executed == 0 ? as_expected : incomplete;
}

/// What `--resume` goes on with; nothing where nobody asked, or where the store has no run yet: whoever
/// starts a job again cannot know how far it came.
Outcome<std::optional<Unfinished>> unfinished_run(const CheckOptions& options, const Subject& subject,
                                                  const Shard& shard) {
  if (!options.resume) return std::optional<Unfinished>();
  if (options.store.empty()) return bad_input("--resume: of which store? Expected --store FILE with it");
  std::error_code none;
  if (!std::filesystem::exists(options.store, none)) return std::optional<Unfinished>();
  return Store::open_readonly(options.store)
      .and_then([&](const Store& store) -> Outcome<std::optional<Unfinished>> {
        if (const auto runs = store.runs(); !runs || runs->empty())
          return runs ? Outcome<std::optional<Unfinished>>() : tl::unexpected<Error>(runs.error());
        return to_go_on_with(store, options, subject, shard).map([](Unfinished found) {
          return std::optional<Unfinished>(std::move(found));
        });
      });
}

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

Outcome<ExitCode> check(const CheckOptions& options) {
  const Outcome<Pass> pass = asked_pass(options);
  if (!pass) return tl::unexpected<Error>(pass.error());
  Outcome<Subject> subject = subject_of(options.subject, *pass);
  if (!subject) return tl::unexpected<Error>(subject.error());
  const Outcome<Shard> shard = shard_asked(options);
  if (!shard) return tl::unexpected<Error>(shard.error());
  // Before anything is made: `--resume` may bring the seed.
  const Outcome<std::optional<Unfinished>> before = unfinished_run(options, *subject, *shard);
  if (!before) return tl::unexpected<Error>(before.error());
  if (shard->of > 1 && !options.seed && !*before && options.activations.empty())
    return bad_input(
        fmt::format("shard {}: expected --seed with it, the same for all of them", in_words(*shard)));
  CheckOptions seeded = options;
  if (*before && !options.seed) seeded.seed = seed_in((*before)->plan);
  Outcome<Cases> cases = cases_of(seeded, *pass);
  if (!cases) return tl::unexpected<Error>(cases.error());
  cases->shard = *shard;
  if (shard->of > 1) cases->words += fmt::format(", shard {}", in_words(*shard));

  RunPlan plan;
  plan.shard = *shard;
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  plan.jobs = options.jobs > 0 ? options.jobs : processors;
  subject->options.soft_threads = std::max(1, processors / plan.jobs);
  plan.worker = worker_command(*subject);
  plan.backends = subject->backends;
  for (const std::string& backend : plan.backends)
    plan.repro_options[backend] = repro_options(options.subject, backend);
  plan.cases = cases->count;
  plan.seconds = options.seconds;
  plan.timeout_seconds = options.timeout_seconds;
  plan.relations = options.relations;
  Outcome<RunContext> context = context_of(*subject, cases->seed);
  if (!context) return tl::unexpected<Error>(context.error());
  plan.devices = devices_of(*subject).value();
  // Before the store: a kernel that cannot be loaded leaves no empty run behind.
  if (auto ready = Worker(plan.worker, plan.timeout_seconds).ready(); !ready)
    return tl::unexpected<Error>(ready.error());

  Outcome<Store> store = Store::open(options.store.empty() ? ":memory:" : options.store);
  if (!store) return tl::unexpected<Error>(store.error());
  const Terminal terminal = terminal_of(options.terminal);
  CheckProgress progress(terminal, options, *cases, plan.backends.size());
  const Outcome<std::int64_t> run =
      *before ? gone_on_with(**before, *store, plan.before, progress)
              : store->begin_run(*context, {{kept_plans, plan_of(options, *subject, *shard, cases->seed)},
                                            {kept_writers, this_writer()}});
  if (!run) return tl::unexpected<Error>(run.error());
  fmt::print(stderr, "{} on {}: {}, {} workers\n", fmt::join(plan.backends, ", "), context->device,
             cases->words, plan.jobs);
  const std::atomic<bool>& stop = stop_on_signals();
  const Outcome<RunEnd> end = run_cases(plan, *cases->source, *store, *run, progress, stop);
  const bool finished = end.has_value() && *end == RunEnd::finished;
  progress.summary(finished);
  if (options.classify)
    fmt::print("{}", classes_table(progress.labels(), progress.pairs(), progress.tally().cases()));
  for (const std::string& line : progress.smallest_failures()) fmt::print("{}\n", line);
  if (!end) return tl::unexpected<Error>(end.error());
  if (auto ended = store->end_run(*run, finished); !ended) return tl::unexpected<Error>(ended.error());
  return exit_code_of(progress.tally(), finished);
}

}  // namespace

void add_check(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = program.add_subcommand(
      "check", "compares kernels with the reference, on random batches or a capture; shrinks what fails");
  add_check_options(*command, *options);
  command->footer(
      "The lines of failing cases, shrunk where they were, go to stdout. Exit code 1 if a kernel is "
      "wrong.\n\n"
      "Examples:\n  flashdiff check --cases 500 --seed 7 --layout left,right --store run.db\n"
      "  flashdiff check --pass backward --dtype f16,bf16 --cases 500 --seed 7\n"
      "  flashdiff check --time 30m --store night.db\n"
      "  flashdiff check --corpus my.cases\n"
      "  flashdiff check --activations properties/data/encoder_layer0.safetensors");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = check(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
