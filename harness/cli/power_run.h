#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/exit_code.h"
#include "harness/run/record.h"
#include "harness/score/score.h"
#include "properties/power/power.h"

namespace flashdiff::cli {

/// How planted bugs are hunted.
struct PowerAsked {
  std::uint64_t cases = 300, seed = 1;
  int jobs = 0;  ///< 0: one a processor
  double timeout_seconds = 60;
  bool no_other_rules = false, resume = false;
  std::string relations = "one";
  std::vector<std::string> without;  ///< names of features that no case has
  power::Workshop workshop = power::workshop_of_this_build();
};

/// A hunt that can begin.
struct PowerRun {
  power::PowerPlan plan;
  power::Images images;
  RunContext context;
};
/// Of at least one mutant. Errors: no sources, no nvcc, no software driver.
[[nodiscard]] Outcome<PowerRun> power_run(const PowerAsked& asked, const std::vector<Mutant>& mutants);

/// Hunts into a row of the store, and ends it. Errors: those of run_power.
[[nodiscard]] Outcome<std::pair<power::PowerResult, power::Score>> hunt_all(PowerRun& run, Store& store,
                                                                            std::int64_t row,
                                                                            power::PowerListener& listener,
                                                                            const std::atomic<bool>& stop);

[[nodiscard]] ExitCode exit_code_of(const power::PowerResult& result, const power::Score& score);

}  // namespace flashdiff::cli
