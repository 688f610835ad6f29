#include "harness/cli/check_options.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/problem/limits.h"
#include "harness/problem/names.h"
#include "properties/activation_cases.h"
#include "properties/corpus_cases.h"
#include "properties/random_cases.h"
#include "reports/numbers.h"

namespace flashdiff::cli {
namespace {

constexpr std::uint64_t default_cases = 200;

template <class Enum>
std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (Enum value : all_of<Enum>)
    if constexpr (std::is_same_v<Enum, DataFamily>) {
      if (value != DataFamily::file) names.emplace_back(name_of(value));  // that is --activations
    } else {
      names.emplace_back(name_of(value));
    }
  return names;
}

/// The words passed CLI11's check, so each is a name.
template <class Enum>
std::vector<Enum> values_of(const std::vector<std::string>& words) {
  std::vector<Enum> values;
  values.reserve(words.size());
  for (const std::string& word : words) values.push_back(*named<Enum>(word));
  return values;
}

template <class Enum>
void add_choice(CLI::App& command, const char* flag, std::vector<std::string>& words, const char* what) {
  command
      .add_option(flag, words,
                  fmt::format("only these, comma separated, of: {} ({})", names_of<Enum>(), what))
      ->delimiter(',')
      ->check(CLI::IsMember(all_names<Enum>()))
      ->group("Random cases");
}

std::uint64_t drawn_seed() {
  std::random_device entropy;
  return std::uniform_int_distribution<std::uint64_t>(1, 999'999'999)(entropy);
}

/// What the least demanding of them takes; 0, any number, where one takes any, or nobody was named.
int most_queries(const std::vector<std::string>& backends) {
  int most = 0;
  for (const BackendEntry& entry : backend_registry()) {
    if (std::find(backends.begin(), backends.end(), entry.name) == backends.end()) continue;
    if (entry.most_queries == 0) return 0;
    most = std::max(most, entry.most_queries);
  }
  return most;
}

}  // namespace

void add_check_options(CLI::App& command, CheckOptions& options) {
  command
      .add_option(
          "--cases", options.cases,
          fmt::format("how many random cases, or of a capture (default: {}, all of a capture, no limit with "
                      "--time)",
                      default_cases))
      ->check(CLI::PositiveNumber);
  command.add_option("--time", options.seconds, "start no new case after so long: 90, 60s, 30m, 8h")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}},
                                        CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->check(CLI::Range(1e-3, 1e9, "a positive time"));
  command.add_option("--seed", options.seed, "which random cases (default: drawn, and said)")
      ->check(CLI::NonNegativeNumber)
      ->group("Random cases");
  command
      .add_option("--pass", options.pass,
                  fmt::format("what is computed, one of: {}; backward: gradients; append: new tokens into a "
                              "cache (default: what the named backends compute, else forward)",
                              names_of<Pass>()))
      ->check(CLI::IsMember(all_names<Pass>()))
      ->group("Random cases");
  add_choice<Padding>(command, "--layout", options.layouts, "where padding lies");
  command
      .add_option("--page", options.pages,
                  fmt::format("only these, comma separated: rows a page of K and V, a multiple of {} up to "
                              "{}; 0: rows of one stride",
                              limits::page_step, limits::page))
      ->delimiter(',')
      ->check(CLI::Validator(
          [](const std::string& word) {
            int page = 0;
            return CLI::detail::lexical_cast(word, page) && is_page(page)
                       ? std::string()
                       : fmt::format("{}: expected 0 or a multiple of {} up to {}", word, limits::page_step,
                                     limits::page);
          },
          "ROWS"))
      ->group("Random cases");
  command
      .add_option(
          "--largest-head-dim", options.largest_head_dim,
          fmt::format("of Q and K, and of V; where it is above {0}, which every in-repo kernel takes, a "
                      "quarter of the cases go beyond that (default: {0})",
                      CaseOptions::usual_head_dim))
      ->check(CLI::Range(1, limits::head_dim))
      ->group("Random cases");
  add_choice<DType>(command, "--dtype", options.dtypes, "element type");
  add_choice<MaskKind>(command, "--mask", options.masks, "which keys a query sees");
  add_choice<DataFamily>(command, "--data", options.data, "how values are made; file is --activations");
  command
      .add_option(
          "--activations", options.activations,
          "a safetensors capture of queries, keys and values instead of random cases: every text alone, "
          "all in one batch and some subsets, through every layout")
      ->type_name("FILE");
  command
      .add_option(
          "--corpus", options.corpus,
          "chosen cases that come before the random ones: a file of case lines, or a folder of .cases "
          "files, which are then all, unless --cases or --time ask for random ones besides; none: no "
          "such cases (default: flashdiff's own, edges and failures of the past)")
      ->type_name("FILE|DIR|none");
  add_subject_options(command, options.subject);
  command
      .add_option("--store", options.store, "SQLite file that keeps every case as it ends; made, or added to")
      ->type_name("FILE");
  command.add_flag("--resume", options.resume,
                   "go on with the run in --store that was ended before its time, or begin it: of the same "
                   "options and program; "
                   "the seed may be left out");
  command
      .add_option("--shard", options.shard,
                  "K/N: of all cases those of the K-th of N machines, which `merge` puts together; else as "
                  "GTEST_TOTAL_SHARDS, SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX with FLASHDIFF_SHARDS say")
      ->type_name("K/N");
  command.add_option("--jobs", options.jobs, "worker processes (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--timeout", options.timeout_seconds, "seconds after which a case is a timeout")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
  command
      .add_option("--memory", options.memory,
                  "what a worker process may have, e.g. 4G (default: no limit); more than that, looked at "
                  "every 20 ms\nwhile it answers, is a crash")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  command
      .add_option(
          "--relations", options.relations,
          "which relations between answers are tried of a case that passes: one, by a hash of the case; "
          "all that apply; none (flashdiff properties lists them)")
      ->check(CLI::IsMember({"one", "all", "none"}))
      ->capture_default_str();
  command.add_flag("--classify", options.classify, "print how the cases are distributed over their classes");
  add_terminal_options(command, options.terminal);
}

std::optional<std::uint64_t> Cases::executed() const {
  if (!count) return std::nullopt;
  return *count / shard.of + (shard.number <= *count % shard.of ? 1 : 0);
}

Outcome<Shard> shard_asked(const CheckOptions& options) {
  Outcome<Shard> shard = Shard{};
  if (!options.shard.empty()) {
    shard = shard_named(options.shard);
    if (!shard) return bad_input("--shard " + shard.error().what);
  } else {
    const auto variable = [](const char* name) {
      const char* value = std::getenv(name);
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    const auto found = shard_of(variable);
    if (!found) return tl::unexpected<Error>(found.error());
    shard = found->value_or(Shard{});
  }
  return shard;
}

namespace {

/// Of the pass, and of what lists of the options allow. Errors: those of the corpus; that none is left of one
/// that was named.
Outcome<CorpusCases> corpus_of(const CheckOptions& options, const CaseOptions& made_of) {
  if (options.corpus == "none") return CorpusCases();
  if (options.corpus.empty()) return CorpusCases::built_in().that_may_be(made_of);
  return CorpusCases::open(options.corpus).and_then([&](const CorpusCases& all) -> Outcome<CorpusCases> {
    CorpusCases some = all.that_may_be(made_of);
    if (some.size() == 0)
      return bad_input(
          fmt::format("--corpus {}: none of its {} cases is of pass {} and of what the other "
                      "options allow",
                      options.corpus, all.size(), name_of(made_of.pass)));
    return some;
  });
}

CaseOptions case_options(const CheckOptions& options, Pass pass) {
  CaseOptions made_of;
  made_of.paddings = values_of<Padding>(options.layouts);
  made_of.pages = options.pages;
  if (options.largest_head_dim > 0) made_of.largest_head_dim = options.largest_head_dim;
  made_of.dtypes = values_of<DType>(options.dtypes);
  made_of.masks = values_of<MaskKind>(options.masks);
  made_of.data = values_of<DataFamily>(options.data);
  made_of.pass = pass;
  made_of.most_queries = most_queries(options.subject.backends);
  return made_of;
}

/// "500 random cases, seed 7".
std::string random_words(const Cases& cases, Pass pass, std::uint64_t random, double seconds) {
  const std::string what =
      pass == Pass::forward ? "random cases" : fmt::format("random {} cases", name_of(pass));
  return cases.count ? fmt::format("{} {}, seed {}", random, what, cases.seed)
                     : fmt::format("{} for {}, seed {}", what, duration(1000 * seconds), cases.seed);
}

}  // namespace

Outcome<Cases> cases_of(const CheckOptions& options, Pass pass) {
  Cases cases;
  cases.count = options.cases;
  if (!options.activations.empty()) {
    Outcome<ActivationCases> capture = ActivationCases::open(options.activations);
    if (!capture) return tl::unexpected<Error>(capture.error());
    const std::uint64_t all = capture->size();
    cases.count = std::min(options.cases.value_or(all), all);
    cases.words = fmt::format("{} of the {} cases of {}", *cases.count, all, options.activations);
    cases.source = std::make_unique<ActivationCases>(std::move(*capture));
    return cases;
  }
  const CaseOptions made_of = case_options(options, pass);
  Outcome<CorpusCases> corpus = corpus_of(options, made_of);
  if (!corpus) return tl::unexpected<Error>(corpus.error());
  const std::uint64_t chosen = corpus->size();
  const bool named = !options.corpus.empty() && options.corpus != "none";
  std::uint64_t random = options.cases.value_or(0);
  if (!options.cases && options.seconds == 0 && !named) random = default_cases;
  if (options.cases || options.seconds == 0) cases.count = chosen + random;
  cases.seed = options.seed ? *options.seed : drawn_seed();
  if (chosen > 0)
    cases.words =
        fmt::format("{} {}", counted(static_cast<std::int64_t>(chosen), "chosen case", "chosen cases"),
                    named ? "of " + options.corpus : "of flashdiff's own");
  if (random > 0 || !cases.count)
    cases.words += (chosen > 0 ? ", " : "") + random_words(cases, pass, random, options.seconds);
  cases.source =
      std::make_unique<CorpusFirst>(std::move(*corpus), std::make_unique<RandomCases>(cases.seed, made_of));
  return cases;
}

}  // namespace flashdiff::cli
