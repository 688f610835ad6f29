#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/cli/exit_code.h"
#include "harness/cli/night_record.h"
#include "harness/cli/profile.h"
#include "harness/cli/terminal.h"
#include "harness/run/resumed.h"
#include "harness/run/store.h"
#include "properties/corpus_cases.h"

namespace flashdiff::cli {

/// A night under way: the steps of a profile, one after the other, into one store. What ended is kept and not
/// done again; a step that was cut off goes on where it is. A step that fails does not keep the others from
/// running.
class Night {
 public:
  /// `folder`: of night.db, bench.json with its exports, generation.json, support.json, and site/. `jobs`: 0:
  /// one a processor.
  Night(Profile profile, NightRecord record, Store store, std::filesystem::path folder, int jobs,
        const TerminalWords& terminal, const std::atomic<bool>& stop);

  /// All steps, then the report. The worst of their codes: a wrong kernel before a harness that failed,
  /// before what is worse than a gate, before what is incomplete.
  [[nodiscard]] ExitCode run();

 private:
  struct Step {
    std::string name;
    double seconds = 0;  ///< that it takes by its profile; 0: unknown
    std::function<Outcome<StepEnd>(const Step&)> run;
  };
  [[nodiscard]] std::vector<Step> steps();
  /// `place`: "2/5".
  void one_step(const Step& step, const std::string& place, double seconds_left);
  void add_corpus(std::vector<Step>& steps);
  Outcome<StepEnd> check(const Step& step, CheckOptions options, std::optional<CorpusCases> listed);
  Outcome<StepEnd> power(const Step& step);
  Outcome<StepEnd> bench(const Step& step);
  Outcome<StepEnd> generation(const Step& step);
  Outcome<StepEnd> support(const Step& step);
  /// The site of all that the store has.
  ExitCode report(const std::string& place);
  /// The run of the store that this step has begun.
  struct Begun {
    std::int64_t run = 0;
    bool finished = false;
  };
  [[nodiscard]] Outcome<std::optional<Begun>> begun(const Step& step) const;
  /// A run's plan, with what tells this step's run from others.
  [[nodiscard]] std::string plan_of_step(const Step& step, const std::string& plan) const;

  Profile profile_;
  NightRecord record_;
  Store store_;
  std::filesystem::path folder_;
  int jobs_;
  TerminalWords words_;
  Terminal terminal_;
  const std::atomic<bool>& stop_;
  std::vector<ExitCode> codes_;  ///< of the steps that were run, before or now
  std::int64_t failed_ = 0;      ///< cases, so far
};

}  // namespace flashdiff::cli
