#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/backend/cudnn/answer.h"
#include "harness/backend/cudnn/engine.h"
#include "harness/backend/cudnn/plan_file.h"
#include "harness/backend/cudnn/profile.h"
#include "harness/backend/cudnn/wire.h"
#include "harness/outcome/outcome.h"
#include "harness/run/process.h"

namespace flashdiff::cudnn {

/// The command of a process that holds cuDNN for a profile (program.cpp), with the folders of cuDNN's
/// libraries where the loader looks, and softcuda as the libcuda.so.1 that they want. Errors (unsupported):
/// what is not there: the program itself (built only where cuDNN's headers and cudnn_frontend are found), a
/// library, by name.
[[nodiscard]] Outcome<std::vector<std::string>> command_for(const Profile& profile);

/// The same on the GPU that is there, with the system's libcuda.
[[nodiscard]] Outcome<std::vector<std::string>> command_for_gpu();

/// cuDNN in a process of its own, started when it is needed: a crash or a hang is an answer that was not to
/// be had, and the next question gets a fresh process. Equal questions are asked once.
class Asker {
 public:
  static constexpr double usual_timeout = 60;  ///< seconds; a plan takes half of one to build
  /// `command`: as command_for() gives it. Errors (unsupported): what the process says that it lacks, or how
  /// it ended.
  [[nodiscard]] static Outcome<Asker> open(std::vector<std::string> command,
                                           double timeout_seconds = usual_timeout,
                                           double longest_run_seconds = longest_run);

  /// `plans`: folder for a built plan, empty: none.
  [[nodiscard]] Answer ask(const Graph& graph, Level level, const std::string& plans = {});

  /// Executes; the tensors are in a block that the caller holds. Errors: those of execute.h; crash where the
  /// process died of it (signal or exit code), and timeout where it took longer than it may.
  [[nodiscard]] Outcome<Ran> run(const Execution& execution);
  /// Seconds. Above what a worker is given for a case: a kernel that hangs is its watchdog's to tell.
  static constexpr double longest_run = 600;

  [[nodiscard]] int version() const { return maker_.cudnn; }  ///< of cuDNN, 91900
  /// Version and GPU. Who gives no GPU, as a script in cuDNN's place may, has none.
  [[nodiscard]] const PlanMaker& maker() const { return maker_; }

 private:
  Asker(std::vector<std::string> command, double timeout, double run)
      : command_(std::move(command)), timeout_(timeout), longest_run_(run) {}
  [[nodiscard]] Outcome<void> start();
  /// What the process says to a line; else how it ended, and it is gone. Late ones are killed.
  struct Ended {
    bool late = false;
    std::string how;
  };
  [[nodiscard]] tl::expected<std::string, Ended> exchange(const std::string& line, double seconds);
  std::vector<std::string> command_;
  double timeout_, longest_run_;  // seconds
  std::optional<detail::Process> process_;
  std::map<std::string, Answer> known_;
  PlanMaker maker_;
};

/// "9.19.0"
[[nodiscard]] std::string version_in_words(int version);

}  // namespace flashdiff::cudnn
