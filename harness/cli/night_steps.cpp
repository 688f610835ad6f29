#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/asked_pass.h"
#include "harness/cli/bench_context.h"
#include "harness/cli/bench_run.h"
#include "harness/cli/check_plan.h"
#include "harness/cli/check_run.h"
#include "harness/cli/command_line.h"
#include "harness/cli/cudnn_matrix.h"
#include "harness/cli/generate_run.h"
#include "harness/cli/golden_gate.h"
#include "harness/cli/night.h"
#include "harness/cli/power_progress.h"
#include "harness/cli/power_run.h"
#include "harness/cli/version.h"
#include "properties/power/choice.h"
#include "reports/numbers.h"
#include "reports/report.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

fs::path sources() { return power::workshop_of_this_build().sources; }

StepEnd end_of(const Tally& tally, bool finished) {
  return {exit_code_of(tally, finished),
          fmt::format("{} judged, {} failed", counted(tally.judged(), "case", "cases"), tally.failed)};
}

/// What cases of the store came to, and the seconds that they took: what is left of a step's time then does
/// not depend on a clock that somebody may have set.
struct Had {
  Tally tally;
  double seconds = 0;
};
Outcome<Had> had(const Store& store, std::int64_t run) {
  Had had;
  auto read = store.for_each_case(
      [&](const CaseRecord& record) {
        if (!record.shrunk_from) had.tally.add(record.verdict);
        had.seconds += (record.device_ms + record.reference_ms) / 1000;
      },
      run);
  if (!read) return tl::unexpected<Error>(read.error());
  return had;
}

}  // namespace

Outcome<StepEnd> Night::check(const Step& step, CheckOptions options, std::optional<CorpusCases> listed) {
  options.jobs = jobs_;
  options.terminal = words_;
  if (!options.seed) options.seed = record_.seed;
  if (!options.activations.empty())
    options.activations = (sources() / options.activations).lexically_proximate(fs::current_path()).string();
  const auto before = begun(step);
  if (!before) return tl::unexpected<Error>(before.error());
  const Outcome<Had> done = *before ? had(store_, (*before)->run) : Outcome<Had>();
  if (!done) return tl::unexpected<Error>(done.error());
  if (*before && (*before)->finished) return end_of(done->tally, true);

  const Outcome<Pass> pass = asked_pass(options);
  if (!pass) return tl::unexpected<Error>(pass.error());
  Outcome<Subject> subject = subject_of(options.subject, *pass);
  if (!subject) return tl::unexpected<Error>(subject.error());
  Outcome<Cases> cases = cases_of(options, *pass);
  if (!cases) return tl::unexpected<Error>(cases.error());
  if (listed) {
    cases->count = listed->size();
    cases->words =
        fmt::format("{} of {}", counted(static_cast<std::int64_t>(listed->size()), "case", "cases"),
                    profile_.corpus.string());
    cases->source = std::make_unique<CorpusCases>(std::move(*listed));
  }
  const std::string plan = plan_of_step(step, plan_of(options, *subject, Shard{}, cases->seed));
  Outcome<CheckRun> run = check_run(options, *subject, *cases);
  if (!run) return tl::unexpected<Error>(run.error());
  if (options.seconds > 0)  // a moment, not 0, which would be no limit
    options.seconds = run->plan.seconds = std::max(1e-3, options.seconds - done->seconds / run->plan.jobs);
  CheckProgress progress(terminal_, options, *cases, subject->backends.size());
  const auto goes_on = *before ? std::optional(Unfinished{(*before)->run, plan, ""}) : std::nullopt;
  const Outcome<RunEnd> end = run_check(*run, *cases, store_, plan, goes_on, progress, stop_);
  failed_ += progress.tally().failed;
  for (const std::string& line : progress.smallest_failures()) fmt::print("{}\n", line);
  if (!end) return tl::unexpected<Error>(end.error());
  return end_of(progress.tally(), *end == RunEnd::finished);
}

Outcome<StepEnd> Night::power(const Step& step) {
  Outcome<std::vector<Mutant>> mutants = read_mutants(sources() / "properties" / "mutants");
  if (!mutants) return tl::unexpected<Error>(mutants.error());
  PowerAsked asked;
  asked.cases = profile_.power->cases;
  asked.no_other_rules = !profile_.power->other_rules;
  asked.jobs = jobs_;
  asked.resume = true;  // of this store alone
  Outcome<PowerRun> run = power_run(asked, profile_.power->all ? *mutants : power::a_tenth_of(*mutants));
  if (!run) return tl::unexpected<Error>(run.error());
  const auto before = begun(step);
  if (!before) return tl::unexpected<Error>(before.error());
  const Outcome<std::int64_t> row =
      *before ? Outcome<std::int64_t>((*before)->run)
              : store_.begin_run(run->context,
                                 {{kept_plans, plan_of_step(step, "{}")}, {kept_writers, this_writer()}});
  if (!row) return tl::unexpected<Error>(row.error());
  PowerProgress progress(terminal_);
  const auto hunted = hunt_all(*run, store_, *row, progress, stop_);
  if (!hunted) return tl::unexpected<Error>(hunted.error());
  const auto& [result, score] = *hunted;
  progress.summary(result, score);
  return StepEnd{exit_code_of(result, score), power::words_of(score)};
}

Outcome<StepEnd> Night::bench(const Step&) {
  const MeasureAsked& asked = *profile_.bench;
  BenchOptions options;
  options.device = asked.times.empty() ? "soft" : "auto";
  options.filter = asked.figures.empty() ? "^figures/" : fmt::format("^figures/.*({})", asked.figures);
  if (!asked.times.empty()) options.filter += fmt::format("|^({})", asked.times);
  options.out = (folder_ / "bench.json").string();
  options.files = {folder_ / "bench.csv", folder_ / "bench.md", folder_ / "bench.action.json"};
  options.repetitions = asked.times.empty() ? 0 : asked.repetitions;
  LiveLine line(terminal_);
  std::size_t ended = 0;
  KeptCounters kept(
      nullptr, [&](const std::string& name) { line.show(fmt::format("{} measured, {}", ++ended, name), 0); });
  Outcome<std::size_t> ran = run_benchmarks(options, kept);
  line.clear();
  if (auto written = write_bench_files(options.out, options.files); ran && !written)
    ran = tl::unexpected<Error>(written.error());
  if (!ran) return tl::unexpected<Error>(ran.error());
  if (auto there = *ran > 0 ? keep_benchmarks(options.out, store_) : Outcome<void>(); !there)
    return tl::unexpected<Error>(there.error());
  for (const auto& [name, why] : kept.errors()) fmt::print(stderr, "{}: {}\n", name, why);
  StepEnd end{*ran == 0 || !kept.errors().empty() ? incomplete : as_expected,
              fmt::format("{} measured, {} failed", ended, kept.errors().size())};
  if (!asked.golden) return end;
  const auto golden = compare::read_golden(options.golden);
  if (!golden) return tl::unexpected<Error>(golden.error());
  if (const std::string why = compare::why_not_held(*golden, nvcc_version()); !why.empty()) {
    end.words += "; no golden counters to be held to: " + why;
    return end;
  }
  const ExitCode held = held_to_golden({nvcc_version(), kept.counters()},
                                       options.golden.lexically_proximate(fs::current_path()),
                                       asked.figures.empty(), terminal_);
  if (held != as_expected) end.code = held;
  end.words +=
      held == as_expected ? "; counters as the golden ones or better" : "; counters are not the golden ones";
  return end;
}

Outcome<StepEnd> Night::generation(const Step&) {
  GenerateOptions options;
  options.settings.steps = profile_.generation->steps;
  options.device = profile_.device;
  const Outcome<generation::Table> table = generated(options, terminal_);
  if (!table) return tl::unexpected<Error>(table.error());
  if (auto written = write_generation(*table, (folder_ / "generation.json").string()); !written)
    return tl::unexpected<Error>(written.error());
  const auto unsafe =
      std::ranges::count_if(table->cells, [](const generation::Cell& cell) { return !cell.safe(); });
  return StepEnd{exit_code_of(*table),
                 fmt::format("{}, {} not safe; {}",
                             counted(std::ssize(table->cells), "combination", "combinations"), unsafe,
                             table->kernels_wrong() ? "a kernel is wrong on what it was handed"
                                                    : "kernels are right on what they were handed")};
}

Outcome<StepEnd> Night::support(const Step&) {
  const Outcome<std::string> matrix = cudnn_matrix(profile_.support->gpus, terminal_);
  // cuDNN is optional: a night without it is as complete as one with it.
  if (!matrix && matrix.error().kind == ErrorKind::unsupported)
    return StepEnd{as_expected, "left out: " + matrix.error().what};
  if (!matrix) return tl::unexpected<Error>(matrix.error());
  const fs::path path = folder_ / "support.json";
  std::ofstream file(path, std::ios::binary);
  file << *matrix;
  file.close();
  if (!file) return bad_input(fmt::format("{}: cannot be written", path.string()));
  return StepEnd{as_expected, fmt::format("cuDNN was asked for {}",
                                          profile_.support->gpus.empty()
                                              ? std::string("all GPUs")
                                              : fmt::format("{}", fmt::join(profile_.support->gpus, ", ")))};
}

ExitCode Night::report(const std::string& place) {
  fmt::print(stderr, "==> {} report\n", place);
  ReportOptions options{
      fmt::format("flashdiff {}, {}", profile_.title, record_.started_utc), program_name(), {}, {}};
  const auto there = [](const fs::path& file) {
    std::error_code none;
    return fs::exists(file, none);
  };
  if (const fs::path file = folder_ / "generation.json";
      record_.ended.contains("padding side") && there(file))
    options.generation = {file};
  if (const fs::path file = folder_ / "support.json"; record_.ended.contains("support") && there(file))
    options.support = file;
  const std::vector<fs::path> stores{folder_ / "night.db"};
  const auto files = write_report(stores, folder_ / "site", options);
  if (!files) return complain(files.error());
  fmt::print(stderr, "{}: {}\n", name_of(files->conclusion), files->why);
  fmt::print("{}\n{}\n{}\n", files->html.string(), files->markdown.string(), files->junit.string());
  return as_expected;
}

}  // namespace flashdiff::cli
