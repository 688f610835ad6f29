#include "harness/cli/night.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/problem/names.h"
#include "properties/corpus_cases.h"
#include "properties/power/images.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Worst last.
int badness(ExitCode code) {
  constexpr std::array order{as_expected, incomplete,     slower_than_gate,
                             bad_usage,   harness_failed, kernel_wrong};
  return static_cast<int>(std::ranges::find(order, code) - order.begin());
}

const char* word_of(ExitCode code) {
  switch (code) {
    case as_expected: return "PASS";
    case kernel_wrong: return "FAIL";
    case slower_than_gate: return "WORSE";
    case incomplete: return "INCOMPLETE";
    case bad_usage:
    case harness_failed: break;
  }
  return "BROKEN";
}

std::string painted(const Terminal& terminal, ExitCode code) {
  const std::string word = word_of(code);
  if (code == as_expected) return terminal.green(word);
  return code == incomplete ? terminal.yellow(word) : terminal.red(word);
}

}  // namespace

Night::Night(Profile profile, NightRecord record, Store store, fs::path folder, int jobs,
             const TerminalWords& terminal, const std::atomic<bool>& stop)
    : profile_(std::move(profile)),
      record_(std::move(record)),
      store_(std::move(store)),
      folder_(std::move(folder)),
      jobs_(jobs),
      words_(terminal),
      terminal_(terminal_of(terminal)),
      stop_(stop) {}

std::vector<Night::Step> Night::steps() {
  std::vector<Step> all;
  if (!profile_.corpus.empty()) add_corpus(all);
  for (std::size_t i = 0; i < profile_.checks.size(); ++i) {
    CheckOptions options = profile_.checks[i];
    if (options.corpus.empty()) options.corpus = "none";  // a step of its own
    const double seconds = options.seconds;
    const std::string what = !options.activations.empty() ? fs::path(options.activations).filename().string()
                             : options.pass.empty()       ? "forward"
                                                          : options.pass;
    all.push_back({fmt::format("check {}, {}", i + 1, what), seconds,
                   [this, options](const Step& step) { return check(step, options, std::nullopt); }});
  }
  if (profile_.generation)
    all.push_back({"padding side", 0, [this](const Step& step) { return generation(step); }});
  if (profile_.support) all.push_back({"support", 0, [this](const Step& step) { return support(step); }});
  if (profile_.power) all.push_back({"planted bugs", 0, [this](const Step& step) { return power(step); }});
  if (profile_.bench) all.push_back({"figures", 0, [this](const Step& step) { return bench(step); }});
  return all;
}

void Night::add_corpus(std::vector<Step>& steps) {
  const fs::path folder = power::workshop_of_this_build().sources / profile_.corpus;
  const auto corpus = CorpusCases::open(folder);
  if (!corpus) {
    steps.push_back({"corpus", 0, [error = corpus.error()](const Step&) -> Outcome<StepEnd> {
                       return tl::unexpected<Error>(error);
                     }});
    return;
  }
  for (const Pass pass : all_of<Pass>) {
    CaseOptions of_pass;
    of_pass.pass = pass;
    const CorpusCases some = corpus->that_may_be(of_pass);
    if (some.size() == 0) continue;
    CheckOptions options;
    options.pass = name_of(pass);
    options.corpus = "none";  // but for those here
    options.subject.device = profile_.device;
    steps.push_back({fmt::format("corpus, {}", name_of(pass)), 0,
                     [this, options, some](const Step& step) { return check(step, options, some); }});
  }
}

std::string Night::plan_of_step(const Step& step, const std::string& plan) const {
  json told = json::parse(plan);
  told["night"] = record_.started_utc;
  told["step"] = step.name;
  return told.dump(-1, ' ', false, json::error_handler_t::replace);
}

Outcome<std::optional<Night::Begun>> Night::begun(const Step& step) const {
  const auto runs = store_.runs();
  const auto plans = store_.kept(kept_plans);
  if (!runs) return tl::unexpected<Error>(runs.error());
  if (!plans) return tl::unexpected<Error>(plans.error());
  for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
    const auto plan = plans->find(std::to_string(run->id));
    const json told = plan == plans->end() ? json() : json::parse(plan->second, nullptr, false);
    if (told.is_object() && told.value("night", "") == record_.started_utc &&
        told.value("step", "") == step.name)
      return std::optional(Begun{run->id, run->finished});
  }
  return std::optional<Begun>();
}

void Night::one_step(const Step& step, const std::string& place, double seconds_left) {
  terminal_.prefix = fmt::format("{} {}: ", place, step.name);
  if (const auto before = record_.ended.find(step.name); before != record_.ended.end()) {
    fmt::print(stderr, "{} {}{} (before)\n", painted(terminal_, before->second.code), terminal_.prefix,
               before->second.words);
    codes_.push_back(before->second.code);
    return;
  }
  if (stop_) return;
  fmt::print(
      stderr, "==> {}{} failed so far{}\n", terminal_.prefix, flashdiff::counted(failed_, "case", "cases"),
      seconds_left > 0 ? fmt::format(", {} left by the profile's times", duration(1000 * seconds_left)) : "");
  const Outcome<StepEnd> end = step.run(step);
  const StepEnd told = end ? *end : StepEnd{exit_code_of(end.error().kind), end.error().what};
  fmt::print(stderr, "{} {}{}\n", painted(terminal_, told.code), terminal_.prefix, one_line(told.words));
  codes_.push_back(told.code);
  if (stop_) return;  // cut off: `--resume` goes on with it
  record_.ended[step.name] = told;
  if (auto kept = keep(store_, record_); !kept) {
    fmt::print(stderr, "flashdiff: {}\n", one_line(kept.error().what));
    codes_.push_back(exit_code_of(kept.error().kind));
  }
}

ExitCode Night::run() {
  const std::vector<Step> all = steps();
  double left = 0;
  for (const Step& step : all) left += record_.ended.contains(step.name) ? 0 : step.seconds;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool again = record_.ended.contains(all[i].name);
    one_step(all[i], fmt::format("{}/{}", i + 1, all.size() + 1), left);
    if (!again) left -= all[i].seconds;
  }
  if (stop_) {
    codes_.push_back(incomplete);
    fmt::print(stderr, "ended before its time; goes on with: nightly --resume --out {}\n", folder_.string());
  } else {
    record_.finished = true;
    if (auto kept = keep(store_, record_); !kept) codes_.push_back(complain(kept.error()));
  }
  codes_.push_back(report(fmt::format("{0}/{0}", all.size() + 1)));
  return *std::ranges::max_element(codes_, {}, badness);
}

}  // namespace flashdiff::cli
