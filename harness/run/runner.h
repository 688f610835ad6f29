#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/case_source.h"
#include "harness/run/record.h"
#include "harness/run/resumed.h"
#include "harness/run/shard.h"
#include "harness/run/store.h"
#include "harness/run/worker.h"

namespace flashdiff {

struct RunPlan {
  std::vector<std::string> worker;                   ///< command of a worker process, see serve.h
  std::vector<std::string> backends;                 ///< each answers every case
  std::map<std::string, std::string> devices;        ///< backend -> what it runs on, as records name it
  std::map<std::string, std::string> repro_options;  ///< backend -> CaseRecord::repro_options
  std::optional<std::uint64_t> cases;                ///< none: until the source ends or the time is up
  Shard shard;                                       ///< of those; the others are another machine's
  Resumed before;                  ///< what the store has of the run already: not executed again
  double seconds = 0;              ///< no new case after so long; 0: no limit
  int jobs = 1;                    ///< worker processes
  double timeout_seconds = 60;     ///< of one case
  std::uint64_t memory = 0;        ///< bytes that a worker may have; 0: however many
  std::string relations = "none";  ///< which are tried of what passes, see related.h
  int shrunk_per_backend = 3;      ///< failures that are shrunk; the others are stored as drawn
  int most_crossed = 40;           ///< cases of which it is kept who agrees with whom, see crossed.h
  int most_shrink_steps = 200;     ///< executions that one shrinking may take
  /// Crashes and timeouts of one backend in a row after which it is not asked any more; 0: however many. The
  /// first case that it is not asked is stored as not executed, with the reason; of the others nothing is.
  int most_silent = 3;
};

/// Told of everything that is stored, one call at a time, in the order of storing.
class RunListener {
 public:
  virtual ~RunListener() = default;
  virtual void on_case(const CaseRecord& record) = 0;
  virtual void on_shrinking(const CaseRecord& /*failure*/) {}
  /// A backend is not asked any more (RunPlan::most_silent); the record says why.
  virtual void on_left_out(const CaseRecord& /*record*/) {}
};

enum class RunEnd : std::uint8_t { finished, interrupted };

/// Draws, executes in worker processes, shrinks what fails while it stays the same kind of failure (of a
/// broken relation: that one), stores each case as it ends, with a label "relation:NAME" for each relation
/// tried. `stop` ends the run after the cases in flight. Errors: a worker that cannot start (its backends'
/// own words), a store that cannot be written; what is stored stays. `ready`: a worker of the plan's that was
/// started to see whether it can be; the first of the jobs goes on with it, since to load kernels takes a
/// second.
[[nodiscard]] Outcome<RunEnd> run_cases(const RunPlan& plan, CaseSource& source, Store& store,
                                        std::int64_t run, RunListener& listener,
                                        const std::atomic<bool>& stop,
                                        std::unique_ptr<Worker> ready = nullptr);

}  // namespace flashdiff
