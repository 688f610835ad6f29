#include "properties/power/power.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/context.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/power_progress.h"
#include "harness/cli/power_table.h"
#include "harness/cli/stop.h"
#include "harness/cli/subject.h"
#include "harness/cli/terminal.h"
#include "properties/power/hash.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> names;
  std::uint64_t cases = 300, seed = 1;
  int jobs = 0;
  double timeout_seconds = 60;
  bool no_other_rules = false, resume = false;
  std::string relations = "one";
  fs::path store, json, mutants;
  power::Workshop workshop = power::workshop_of_this_build();
  std::string part = "1/1";
  TerminalWords terminal;
};

/// Warp instructions of a launch before it is a fault: a mutant that loops for ever is then the same fault on
/// every machine, in a fraction of a second. No launch of 300 random cases takes 2 million.
constexpr const char* instruction_limit = "20000000";

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
Outcome<std::vector<Mutant>> chosen_of(const Options& options) {
  const fs::path folder =
      options.mutants.empty() ? options.workshop.sources / "properties" / "mutants" : options.mutants;
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
    if (auto there = planted_in(options.workshop.sources, mutant); !there)
      return bad_input(fmt::format("{}: {}", mutant.name, there.error().what));
  return chosen;
}

/// A mutant's kernel on the software driver.
SubjectWords words_of(const Mutant& mutant, const std::string& image) {
  SubjectWords words;
  words.backends = {mutant.kernel};
  words.device = "soft";
  if (!image.empty()) words.images = {mutant.kernel + '=' + image};
  if (!mutant.soft.empty()) words.soft = {mutant.soft};
  return words;
}

/// This program as its file stands there: a new build judges anew.
std::string program_hash() {
  std::ostringstream bytes;
  bytes << std::ifstream("/proc/self/exe", std::ios::binary).rdbuf();
  return power::hash_of(bytes.str());
}

Outcome<void> write_json(const fs::path& file, const nlohmann::json& told) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << told.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  out.close();
  if (!out)
    return bad_input(fmt::format("--json {}: cannot be written, expected a file in a folder that is there",
                                 file.string()));
  return {};
}

ExitCode code_of(const power::PowerResult& result, const power::Score& score) {
  if (!result.broken.empty() || score.alarms > 0) return harness_failed;
  for (const power::Hunted& one : result.hunted)
    if (!one.as_expected()) return kernel_wrong;
  return result.finished ? as_expected : incomplete;
}

Outcome<ExitCode> hunt(const Options& options) {
  if (options.resume && options.store.empty())
    return bad_input("--resume: of which store? Expected --store FILE with it");
  const Outcome<std::vector<Mutant>> chosen = chosen_of(options);
  if (!chosen) return tl::unexpected<Error>(chosen.error());
  const Outcome<power::Images> images = power::Images::open(options.workshop);
  if (!images) return tl::unexpected<Error>(images.error());
  if (chosen->empty()) return incomplete;

  power::PowerPlan plan;
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  plan.mutants = *chosen;
  plan.cases = options.cases;
  plan.seed = options.seed;
  plan.jobs = options.jobs > 0 ? options.jobs : processors;
  plan.timeout_seconds = options.timeout_seconds;
  plan.other_rules = !options.no_other_rules;
  plan.relations = options.relations;
  plan.resume = options.resume;
  plan.program = program_hash();

  const Outcome<Subject> any = subject_of(words_of(chosen->front(), ""));
  if (!any) return tl::unexpected<Error>(any.error());
  const Outcome<RunContext> context = context_of(*any, plan.seed);
  if (!context) return tl::unexpected<Error>(context.error());
  plan.answerer = [&](const Mutant& mutant, const std::string& image) -> Outcome<power::Answerer> {
    const SubjectWords words = words_of(mutant, image);
    Outcome<Subject> subject = subject_of(words);
    if (!subject) return tl::unexpected<Error>(subject.error());
    subject->options.soft_settings.emplace("instruction-limit", instruction_limit);
    subject->options.soft_threads = std::max(1, processors / plan.jobs);
    power::Answerer answerer{worker_command(*subject), context->device, repro_options(words, mutant.kernel)};
    if (plan.other_rules) answerer.worker.emplace_back("--other-rules");
    return answerer;
  };

  Outcome<Store> store = Store::open(options.store.empty() ? ":memory:" : options.store);
  if (!store) return tl::unexpected<Error>(store.error());
  const Outcome<std::int64_t> run = store->begin_run(*context);
  if (!run) return tl::unexpected<Error>(run.error());
  fmt::print(stderr, "{} on {}: at most {} random cases each, seed {}, {} at once\n",
             chosen->size() == 1 ? "1 mutant" : fmt::format("{} mutants", chosen->size()), context->device,
             plan.cases, plan.seed, plan.jobs);
  PowerProgress progress(terminal_of(options.terminal));
  const std::atomic<bool>& stop = stop_on_signals();
  const Outcome<power::PowerResult> result = run_power(plan, *images, *store, *run, progress, stop);
  if (!result) return tl::unexpected<Error>(result.error());
  const power::Score score = power::score_of(result->hunted, result->sound);
  fmt::print("{}", power_table(*result, score));
  progress.summary(*result, score);
  if (!result->finished && !options.store.empty())
    fmt::print(stderr, "goes on with: --resume --store {}\n", options.store.string());
  if (auto ended = store->end_run(*run, result->finished); !ended)
    return tl::unexpected<Error>(ended.error());
  if (!options.json.empty())
    if (auto written = write_json(options.json, power_json(*result, score, *context)); !written)
      return tl::unexpected<Error>(written.error());
  return code_of(*result, score);
}

}  // namespace

void add_power(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "power", "plants known bugs into the kernels' sources and tells which are found, by what and how soon");
  command->add_option("--mutant", options->names, "only these, comma separated (default: all)")
      ->delimiter(',')
      ->type_name("NAME");
  command->add_option("--cases", options->cases, "at most so many random cases a mutant")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "which random cases")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "mutants at once (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--timeout", options->timeout_seconds, "seconds after which a case is a timeout")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
  command->add_flag(
      "--no-other-rules", options->no_other_rules,
      "do not ask what other projects' acceptance rules say: a mutant is then done when it is killed");
  command
      ->add_option(
          "--relations", options->relations,
          "which relations between answers are tried of each answer: one, by a hash of the case; all that "
          "apply; none")
      ->check(CLI::IsMember({"one", "all", "none"}))
      ->capture_default_str();
  command
      ->add_option(
          "--store", options->store,
          "SQLite file that keeps every outcome as it comes; made, or added to; for --resume and `report`")
      ->type_name("FILE");
  command->add_flag(
      "--resume", options->resume,
      "go on where a run into this store was ended: of the same program, sources, cases and seed");
  command->add_option("--part", options->part, "only the K-th of N parts of the mutants")
      ->check(CLI::Validator(
          [](const std::string& word) {
            return part_of(word) ? std::string()
                                 : fmt::format("{}: expected K/N, as 1/4 is the first of four", word);
          },
          "K/N"));
  command->add_option("--json", options->json, "everything, for machines")->type_name("FILE");
  command->add_option("--cache", options->workshop.cache, "folder that keeps compiled mutants")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Where things are");
  command->add_option("--sources", options->workshop.sources, "the kernels' sources, flashdiff's repository")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Where things are");
  command
      ->add_option("--mutants", options->mutants,
                   "folder of mutants (default: properties/mutants of the sources)")
      ->type_name("DIR")
      ->group("Where things are");
  command->add_option("--nvcc", options->workshop.nvcc, "compiler of mutants")
      ->type_name("FILE")
      ->capture_default_str()
      ->group("Where things are");
  add_terminal_options(*command, options->terminal);
  command->footer(
      "The table goes to stdout. Exit code 1 if a mutant survives (or one that is argued to be equivalent "
      "does not), 3 if\n"
      "one does not compile, or a kernel as it is fails.\n\n"
      "Examples:\n  flashdiff power --mutant causal_top_left\n"
      "  flashdiff power --store power.db && flashdiff report power.db -o site");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = hunt(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
