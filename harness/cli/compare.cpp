#include <filesystem>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"
#include "harness/compare/golden.h"
#include "harness/compare/writers.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  fs::path base, next;
  std::vector<fs::path> bench;
  fs::path again;
  compare::TimeOptions times;
  bool gate = false, processor_time = false;
  double threshold = 0;
  std::size_t rows = 40;
  TerminalWords terminal;
};

/// SQLite's files begin with this (sqlite.org/fileformat.html); anything else is for the reader of JSON to
/// refuse.
bool is_database(const fs::path& file) {
  char head[15] = {};
  std::ifstream(file, std::ios::binary).read(head, sizeof head);
  return std::string_view(head, sizeof head) == "SQLite format 3";
}

Outcome<compare::Comparison> compared(const CompareOptions& options) {
  compare::Comparison comparison{options.base.string(), options.next.string(), {}, {}, {}, {}};
  std::vector<fs::path> bench = options.bench;
  if (fs::is_directory(options.base)) {
    const auto golden = compare::read_golden(options.base);
    if (!golden) return tl::unexpected<Error>(golden.error());
    const auto next = compare::read_bench_file(options.next);
    if (!next) return tl::unexpected<Error>(next.error());
    comparison.counters =
        compare::compare_counters(golden->counters, compare::golden_of(next->counters), options.threshold);
    comparison.not_held = compare::why_not_held(*golden, next->nvcc);
    return comparison;
  }
  const bool stores = is_database(options.base);
  if (stores != is_database(options.next))
    return bad_input(fmt::format("{} and {}: expected two stores, or two files of `flashdiff bench -o`",
                                 options.base.string(), options.next.string()));
  if (stores) {
    const auto base = Store::open_readonly(options.base), next = Store::open_readonly(options.next);
    for (const auto* store : {&base, &next})
      if (!*store) return tl::unexpected<Error>(store->error());
    auto cases = compare::compare_cases(*base, *next);
    if (!cases) return tl::unexpected<Error>(cases.error());
    comparison.cases = std::move(*cases);
  } else {
    bench = {options.base, options.next};
  }
  if (bench.empty()) return comparison;
  const char* clock = options.processor_time ? "cpu_time" : "real_time";
  const auto base = compare::read_bench_file(bench[0], clock),
             next = compare::read_bench_file(bench[1], clock);
  for (const auto* file : {&base, &next})
    if (!*file) return tl::unexpected<Error>(file->error());
  if (!base->counters.empty() || !next->counters.empty() || base->seconds.empty())
    comparison.counters = compare::compare_counters(base->counters, next->counters, options.threshold);
  compare::SecondsByBenchmark again;
  if (!options.again.empty()) {
    const auto file = compare::read_bench_file(options.again, clock);
    if (!file) return tl::unexpected<Error>(file.error());
    again = file->seconds;
  }
  if (!base->seconds.empty() && !next->seconds.empty())
    comparison.times = compare::compare_times(base->seconds, next->seconds, again, options.times);
  return comparison;
}

int run(const CompareOptions& options) {
  const auto comparison = compared(options);
  if (!comparison) return complain(comparison.error());
  fmt::print("{}", compare::as_markdown(*comparison, program_name(), options.rows));
  const Terminal terminal = terminal_of(options.terminal);
  const bool empty = (!comparison->cases || comparison->cases->both == 0) &&
                     (!comparison->counters || comparison->counters->compared == 0) &&
                     (!comparison->times || comparison->times->changes.empty());
  const std::string word = empty                 ? terminal.yellow("NOTHING IN COMMON")
                           : comparison->clean() ? terminal.green("NOTHING WORSE")
                                                 : terminal.red("WORSE");
  fmt::print(stderr, "{}: {}\n", word, compare::in_words(*comparison));
  if (!comparison->not_held.empty())
    fmt::print(stderr, "flashdiff: {}: other code, so its counters are told, and no gate\n",
               comparison->not_held);
  if (empty || !comparison->not_held.empty()) return incomplete;
  if (!options.gate) return as_expected;
  if (comparison->clean()) {
    // Golden counters and what was counted belong together: what only one of them has is held to nothing.
    const bool golden = fs::is_directory(options.base);
    const bool whole =
        !golden || (comparison->counters->only_base.empty() && comparison->counters->only_next.empty());
    if (!whole)
      fmt::print(stderr, "flashdiff: golden counters of other entries than were counted, see the table\n");
    return whole ? as_expected : incomplete;
  }
  return comparison->cases && comparison->cases->worse() > 0 ? kernel_wrong : slower_than_gate;
}

}  // namespace

void add_compare(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = program.add_subcommand(
      "compare", "what is other than before: verdicts and budget use of two stores, counters of two benches");
  command
      ->add_option("BASE", options->base,
                   "a store of before, what `flashdiff bench -o` wrote, or a folder of golden counters")
      ->required()
      ->type_name("FILE");
  command->add_option("NEW", options->next, "the same of now")->required()->type_name("FILE");
  command->add_option("--bench", options->bench, "beside two stores, two files of `flashdiff bench -o`")
      ->expected(2)
      ->type_name("BASE NEW");
  command
      ->add_option("--again", options->again,
                   "a second run of BASE's program: what is seen where nothing changed (default: every other "
                   "repetition\n"
                   "of BASE against the rest)")
      ->type_name("FILE");
  command->add_flag(
      "--processor-time", options->processor_time,
      "compare Google Benchmark's cpu_time, of its own thread: on a busy machine, what runs on one");
  command
      ->add_option("--effect", options->times.effect,
                   "a smaller change of a time is nobody's news, as a share")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command
      ->add_option("--rate", options->times.rate,
                   "share of false ones among the times that are told as changed")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command->add_flag("--gate", options->gate, "exit code 1 or 4 where something is worse");
  command
      ->add_option(
          "--threshold", options->threshold,
          "so much worse a counter may be, as a share: 0.01 is 1 %. They are exact, so 0 is no hard rule")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command->add_option("--rows", options->rows, "of each table, at most")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  add_terminal_options(*command, options->terminal);
  command->footer(
      "Markdown goes to stdout: >> $GITHUB_STEP_SUMMARY. Cases are the same where line and backend are; run "
      "both with\n"
      "one --seed and --cases. Counters are those of `figures/`, the same on every machine. Times need "
      "repetitions, 10 or\n"
      "more, of both programs in turn on one machine: `bench --against PROGRAM` makes such files.\n"
      "Exit code 0; with --gate 1 where a case that was right is wrong or not judged any more, 4 where only "
      "counters or\n"
      "times are worse; 5 where the two have nothing in common.\n\n"
      "Example:\n  flashdiff compare main.db mine.db --bench main.json mine.json --gate\n"
      "  flashdiff compare mine.base.json mine.json --again mine.again.json --gate");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
