#include <atomic>
#include <csignal>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/check_options.h"
#include "harness/cli/check_progress.h"
#include "harness/cli/classes_table.h"
#include "harness/cli/command_line.h"
#include "harness/cli/context.h"
#include "harness/cli/exit_code.h"
#include "harness/run/runner.h"
#include "harness/run/store.h"
#include "harness/run/worker.h"

namespace flashdiff::cli {
namespace {

std::atomic<bool> stop{false};

/// The first Ctrl-C ends the run after the cases in flight; the second one ends the program.
void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

ExitCode exit_code_of(const Tally& tally, bool finished) {
  if (tally.failed > 0) return kernel_wrong;
  return finished && tally.judged() > 0 && tally.not_executed == 0 ? as_expected : incomplete;
}

Outcome<ExitCode> check(const CheckOptions& options) {
  Outcome<Subject> subject = subject_of(options.subject);
  if (!subject) return tl::unexpected<Error>(subject.error());
  Outcome<Cases> cases = cases_of(options);
  if (!cases) return tl::unexpected<Error>(cases.error());

  RunPlan plan;
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
  Outcome<RunContext> context = context_of(*subject, cases->seed);
  if (!context) return tl::unexpected<Error>(context.error());
  plan.devices = devices_of(*subject).value();
  // Before the store: a kernel that cannot be loaded leaves no empty run behind.
  if (auto ready = Worker(plan.worker, plan.timeout_seconds).ready(); !ready)
    return tl::unexpected<Error>(ready.error());

  Outcome<Store> store = Store::open(options.store.empty() ? ":memory:" : options.store);
  if (!store) return tl::unexpected<Error>(store.error());
  Outcome<std::int64_t> run = store->begin_run(*context);
  if (!run) return tl::unexpected<Error>(run.error());

  const Terminal terminal = terminal_of(options.terminal);
  fmt::print(stderr, "{} on {}: {}, {} workers\n", fmt::join(plan.backends, ", "), context->device,
             cases->words, plan.jobs);
  CheckProgress progress(terminal, options, *cases, plan.backends.size());
  stop_on_signals();
  const Outcome<RunEnd> end = run_cases(plan, *cases->source, *store, *run, progress, stop);
  const bool finished = end.has_value() && *end == RunEnd::finished;
  progress.summary(finished);
  if (options.classify) fmt::print("{}", classes_table(progress.labels(), progress.tally().cases()));
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
      "  flashdiff check --time 30m --store night.db\n"
      "  flashdiff check --activations properties/data/encoder_layer0.safetensors");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = check(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
