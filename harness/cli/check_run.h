#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "harness/cli/check_options.h"
#include "harness/cli/check_progress.h"
#include "harness/cli/exit_code.h"
#include "harness/run/resumed.h"
#include "harness/run/runner.h"

namespace flashdiff::cli {

/// A check that can begin: cases and who answers them, in the terms of the runner.
struct CheckRun {
  RunPlan plan;
  RunContext context;
  std::string not_asked;          ///< Subject::not_asked
  std::unique_ptr<Worker> ready;  ///< the one that was started
};

/// Asks everything that can go wrong before a run is stored: a worker is started, and must be able to load
/// what it is to run. Errors: those of the driver, a kernel that cannot be loaded.
[[nodiscard]] Outcome<CheckRun> check_run(const CheckOptions& options, Subject subject, const Cases& cases);

/// Runs it into the store, as a new run with this plan (check_plan.h) or as what `before` has begun.
[[nodiscard]] Outcome<RunEnd> run_check(CheckRun& run, const Cases& cases, Store& store,
                                        const std::string& plan, const std::optional<Unfinished>& before,
                                        CheckProgress& progress, const std::atomic<bool>& stop);

[[nodiscard]] ExitCode exit_code_of(const Tally& tally, bool finished);

}  // namespace flashdiff::cli
