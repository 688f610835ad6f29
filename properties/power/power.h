#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/record.h"
#include "harness/run/store.h"
#include "harness/score/hunted.h"
#include "properties/extras.h"
#include "properties/mutants/mutant.h"
#include "properties/power/images.h"

namespace flashdiff::power {

/// Who answers for a kernel: the command of a worker process (harness/run/serve.h), what it runs on, and what
/// `repro` is told to ask it.
struct Answerer {
  std::vector<std::string> worker;
  std::string device, repro_options;
};

struct PowerPlan {
  std::vector<Mutant> mutants;
  std::uint64_t cases = 300, seed = 1;
  int jobs = 1;  ///< mutants that are hunted at once, a worker process each
  double timeout_seconds = 60;
  bool other_rules = true;
  std::vector<Extra> without;  ///< what no case has: what would be missed if the generator did not know it
  std::string relations = "none";  ///< tried of every case that has an answer, see run/related.h
  bool resume = false;  ///< what the store holds of the same mutants, cases and program is not hunted again
  std::string program;  ///< tells programs apart whose verdicts may differ
  /// A mutant's kernel with its `soft` setting, and with its image or, where that is empty, as it is.
  std::function<Outcome<Answerer>(const Mutant& mutant, const std::string& image)> answerer;
};

/// Told of what happens, one call at a time.
class PowerListener {
 public:
  virtual ~PowerListener() = default;
  virtual void on_hunted(const Hunted& hunted) = 0;  ///< one has ended
  virtual void on_sound(const Sound& sound) = 0;     ///< a kernel as it is has answered its cases
  /// `share`: from 0 to 1, of all work; `cases`: examined since this call began.
  virtual void on_progress(double share, std::uint64_t cases, const std::string& at) = 0;
};

/// What came of it, in the order of the plan; what was not reached is missing.
struct PowerResult {
  std::vector<Hunted> hunted;
  std::vector<Sound> sound;
  std::vector<std::string> broken;  ///< mutants that could not be hunted, and why: "NAME: nvcc ..."
  std::uint64_t examined = 0;       ///< cases, by this call
  bool finished = false;
};

/// Hunts all mutants of a plan, then asks the kernels as they are the same cases. Every case's outcome is
/// kept in the store as it ends (score.h: kinds of what is kept), answers of the kernels as they are also as
/// cases of `run`. Errors: of a worker that cannot start, of the store.
[[nodiscard]] Outcome<PowerResult> run_power(const PowerPlan& plan, const Images& images, Store& store,
                                             std::int64_t run, PowerListener& listener,
                                             const std::atomic<bool>& stop);

}  // namespace flashdiff::power
