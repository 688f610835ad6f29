#include "harness/cli/power_run.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "harness/cli/context.h"
#include "harness/cli/subject.h"
#include "harness/problem/names.h"
#include "properties/extras.h"
#include "properties/power/hash.h"

namespace flashdiff::cli {
namespace {

/// Warp instructions of a launch before it is a fault: a mutant that loops for ever is then the same fault on
/// every machine, in a fraction of a second. No launch of 300 random cases takes 2 million.
constexpr const char* instruction_limit = "20000000";

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

}  // namespace

ExitCode exit_code_of(const power::PowerResult& result, const power::Score& score) {
  if (!result.broken.empty() || score.alarms > 0) return harness_failed;
  for (const power::Hunted& one : result.hunted)
    if (!one.as_expected()) return kernel_wrong;
  return result.finished ? as_expected : incomplete;
}

Outcome<PowerRun> power_run(const PowerAsked& asked, const std::vector<Mutant>& mutants) {
  Outcome<power::Images> images = power::Images::open(asked.workshop);
  if (!images) return tl::unexpected<Error>(images.error());
  const Outcome<Subject> any = subject_of(words_of(mutants.front(), ""));
  if (!any) return tl::unexpected<Error>(any.error());
  const Outcome<RunContext> context = context_of(*any, asked.seed);
  if (!context) return tl::unexpected<Error>(context.error());

  power::PowerPlan plan;
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  plan.mutants = mutants;
  plan.cases = asked.cases;
  plan.seed = asked.seed;
  plan.jobs = asked.jobs > 0 ? asked.jobs : processors;
  plan.timeout_seconds = asked.timeout_seconds;
  plan.other_rules = !asked.no_other_rules;
  plan.relations = asked.relations;
  for (const std::string& name : asked.without) plan.without.push_back(*named<Extra>(name));
  plan.resume = asked.resume;
  plan.program = program_hash();
  plan.answerer = [device = context->device, threads = std::max(1, processors / plan.jobs),
                   other_rules = plan.other_rules](const Mutant& mutant,
                                                   const std::string& image) -> Outcome<power::Answerer> {
    const SubjectWords words = words_of(mutant, image);
    Outcome<Subject> subject = subject_of(words);
    if (!subject) return tl::unexpected<Error>(subject.error());
    subject->options.soft_settings.emplace("instruction-limit", instruction_limit);
    subject->options.soft_threads = threads;
    power::Answerer answerer{worker_command(*subject), device, repro_options(words, mutant.kernel)};
    if (other_rules) answerer.worker.emplace_back("--other-rules");
    return answerer;
  };
  return PowerRun{std::move(plan), std::move(*images), *context};
}

Outcome<std::pair<power::PowerResult, power::Score>> hunt_all(PowerRun& run, Store& store, std::int64_t row,
                                                              power::PowerListener& listener,
                                                              const std::atomic<bool>& stop) {
  const power::PowerPlan& plan = run.plan;
  fmt::print(stderr, "{} on {}: at most {} random cases each, seed {}, {} at once\n",
             plan.mutants.size() == 1 ? "1 mutant" : fmt::format("{} mutants", plan.mutants.size()),
             run.context.device, plan.cases, plan.seed, plan.jobs);
  Outcome<power::PowerResult> result = run_power(plan, run.images, store, row, listener, stop);
  if (!result) return tl::unexpected<Error>(result.error());
  if (auto ended = store.end_run(row, result->finished); !ended) return tl::unexpected<Error>(ended.error());
  const power::Score score = power::score_of(result->hunted, result->sound);
  return std::pair(std::move(*result), score);
}

}  // namespace flashdiff::cli
