#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/asked_pass.h"
#include "harness/cli/check_options.h"
#include "harness/cli/check_plan.h"
#include "harness/cli/check_run.h"
#include "harness/cli/classes_table.h"
#include "harness/cli/command_line.h"
#include "harness/cli/stop.h"

namespace flashdiff::cli {
namespace {

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

  Outcome<CheckRun> run = check_run(options, *subject, *cases);
  if (!run) return tl::unexpected<Error>(run.error());
  Outcome<Store> store = Store::open(options.store.empty() ? ":memory:" : options.store);
  if (!store) return tl::unexpected<Error>(store.error());
  CheckProgress progress(terminal_of(options.terminal), options, *cases, subject->backends.size());
  const std::string plan = plan_of(options, *subject, *shard, cases->seed);
  const Outcome<RunEnd> end = run_check(*run, *cases, *store, plan, *before, progress, stop_on_signals());
  if (options.classify)
    fmt::print("{}", classes_table(progress.labels(), progress.pairs(), progress.tally().cases()));
  for (const std::string& line : progress.smallest_failures()) fmt::print("{}\n", line);
  if (!end) return tl::unexpected<Error>(end.error());
  return exit_code_of(progress.tally(), *end == RunEnd::finished);
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
