#include <filesystem>
#include <fstream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/power_progress.h"
#include "harness/cli/power_run.h"
#include "harness/cli/power_table.h"
#include "harness/cli/stop.h"
#include "harness/cli/terminal.h"
#include "properties/extras.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

struct PowerOptions {
  std::vector<std::string> names;
  PowerAsked asked;
  fs::path store, json, corpus, mutants;
  std::string part = "1/1";
  TerminalWords terminal;
};

/// "2/3": the second of three.
struct Part {
  unsigned number = 1, of = 1;
};
std::optional<Part> part_of(const std::string& word) {
  Part part;
  const auto slash = word.find('/');
  if (slash == std::string::npos || !CLI::detail::lexical_cast(word.substr(0, slash), part.number) ||
      !CLI::detail::lexical_cast(word.substr(slash + 1), part.of) || part.number < 1 || part.number > part.of)
    return std::nullopt;
  return part;
}

/// Those that were named, of the part that was asked for. Errors: an unknown name; a `find` that does not
/// match its source exactly once, before anything runs.
Outcome<std::vector<Mutant>> chosen_of(const PowerOptions& options) {
  const fs::path folder =
      options.mutants.empty() ? options.asked.workshop.sources / "properties" / "mutants" : options.mutants;
  if (options.mutants.empty() && !fs::is_directory(folder))
    return harness_error(
        fmt::format("{}: not there, expected flashdiff's sources (--sources)", folder.string()));
  Outcome<std::vector<Mutant>> all = read_mutants(folder);
  if (!all) return all;
  std::set<std::string> wanted(options.names.begin(), options.names.end());
  std::vector<Mutant> named;
  std::vector<std::string> known;
  for (Mutant& mutant : *all) {
    known.push_back(mutant.name);
    if (options.names.empty() || wanted.erase(mutant.name) > 0) named.push_back(std::move(mutant));
  }
  if (!wanted.empty())
    return bad_input(fmt::format("--mutant {}: no such mutant, expected some of: {}", *wanted.begin(),
                                 fmt::join(known, ", ")));
  const Part part = *part_of(options.part);
  std::vector<Mutant> chosen;
  for (std::size_t i = 0; i < named.size(); ++i)
    if (i % part.of == part.number - 1) chosen.push_back(std::move(named[i]));
  for (const Mutant& mutant : chosen)
    if (auto there = planted_in(options.asked.workshop.sources, mutant); !there)
      return bad_input(fmt::format("{}: {}", mutant.name, there.error().what));
  return chosen;
}

Outcome<void> write_file(const char* option, const fs::path& file, const std::string& text) {
  if (file.empty()) return {};
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out)
    return bad_input(fmt::format("{} {}: cannot be written, expected a file in a folder that is there",
                                 option, file.string()));
  return {};
}

Outcome<ExitCode> hunt(const PowerOptions& options) {
  if (options.asked.resume && options.store.empty())
    return bad_input("--resume: of which store? Expected --store FILE with it");
  const Outcome<std::vector<Mutant>> chosen = chosen_of(options);
  if (!chosen) return tl::unexpected<Error>(chosen.error());
  if (chosen->empty()) return incomplete;
  Outcome<PowerRun> run = power_run(options.asked, *chosen);
  if (!run) return tl::unexpected<Error>(run.error());
  Outcome<Store> store = Store::open(options.store.empty() ? ":memory:" : options.store);
  if (!store) return tl::unexpected<Error>(store.error());
  const Outcome<std::int64_t> row = store->begin_run(run->context);
  if (!row) return tl::unexpected<Error>(row.error());
  PowerProgress progress(terminal_of(options.terminal));
  const auto hunted = hunt_all(*run, *store, *row, progress, stop_on_signals());
  if (!hunted) return tl::unexpected<Error>(hunted.error());
  const auto& [result, score] = *hunted;
  fmt::print("{}", power_table(result, score));
  progress.summary(result, score);
  if (!result.finished && !options.store.empty())
    fmt::print(stderr, "goes on with: --resume --store {}\n", options.store.string());
  const std::string json =
      power_json(result, score, run->context).dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (auto written = write_file("--json", options.json, json + '\n'); !written)
    return tl::unexpected<Error>(written.error());
  if (auto written = write_file("--corpus", options.corpus, smallest_cases(result)); !written)
    return tl::unexpected<Error>(written.error());
  return exit_code_of(result, score);
}

}  // namespace

void add_power(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<PowerOptions>();
  CLI::App* command = program.add_subcommand(
      "power", "plants known bugs into the kernels' sources and tells which are found, by what and how soon");
  command->add_option("--mutant", options->names, "only these, comma separated (default: all)")
      ->delimiter(',')
      ->type_name("NAME");
  command->add_option("--cases", options->asked.cases, "at most so many random cases a mutant")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--seed", options->asked.seed, "which random cases")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--jobs", options->asked.jobs, "mutants at once (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--timeout", options->asked.timeout_seconds, "seconds after which a case is a timeout")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
  command->add_flag(
      "--no-other-rules", options->asked.no_other_rules,
      "do not ask what other projects' acceptance rules say: a mutant is then done when it is killed");
  command
      ->add_option(
          "--relations", options->asked.relations,
          "which relations between answers are tried of each answer: one, by a hash of the case; all that "
          "apply; none")
      ->check(CLI::IsMember({"one", "all", "none"}))
      ->capture_default_str();
  std::vector<std::string> features;
  for (Extra extra : all_of<Extra>) features.emplace_back(name_of(extra));
  command
      ->add_option("--without", options->asked.without,
                   fmt::format("no case has these, comma separated: shows what only they find ({})",
                               fmt::join(features, ", ")))
      ->delimiter(',')
      ->type_name("FEATURE")
      ->check(CLI::IsMember(features));
  command
      ->add_option(
          "--store", options->store,
          "SQLite file that keeps every outcome as it comes; made, or added to; for --resume and `report`")
      ->type_name("FILE");
  command->add_flag(
      "--resume", options->asked.resume,
      "go on where a run into this store was ended: of the same program, sources, cases and seed");
  command->add_option("--part", options->part, "only the K-th of N parts of the mutants")
      ->check(CLI::Validator(
          [](const std::string& word) {
            return part_of(word) ? std::string()
                                 : fmt::format("{}: expected K/N, as 1/4 is the first of four", word);
          },
          "K/N"));
  command->add_option("--json", options->json, "everything, for machines")->type_name("FILE");
  command
      ->add_option("--corpus", options->corpus,
                   "writes the smallest cases that show the mutants: a corpus for `check --corpus`")
      ->type_name("FILE");
  command->add_option("--cache", options->asked.workshop.cache, "folder that keeps compiled mutants")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Where things are");
  command
      ->add_option("--sources", options->asked.workshop.sources,
                   "the kernels' sources, flashdiff's repository")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Where things are");
  command
      ->add_option("--mutants", options->mutants,
                   "folder of mutants (default: properties/mutants of the sources)")
      ->type_name("DIR")
      ->group("Where things are");
  command->add_option("--nvcc", options->asked.workshop.nvcc, "compiler of mutants")
      ->type_name("FILE")
      ->capture_default_str()
      ->group("Where things are");
  add_terminal_options(*command, options->terminal);
  command->footer(
      "The table goes to stdout. Exit code 1 if a mutant survives (or one that is argued to be equivalent "
      "does not), 3 if\n"
      "one does not compile, or a kernel as it is fails.\n\n"
      "Examples:\n  flashdiff power --mutant causal_top_left\n"
      "  flashdiff power --mutant dq_sum_zeroed_once --without call-before     # survives: it takes a second "
      "call\n"
      "  flashdiff power --store power.db && flashdiff report power.db -o site");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = hunt(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
