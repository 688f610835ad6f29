#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/backend/cudnn/answer.h"
#include "harness/backend/cudnn/engine.h"
#include "harness/backend/cudnn/profile.h"
#include "harness/outcome/outcome.h"
#include "harness/run/process.h"

namespace flashdiff::cudnn {

/// The command of a process that holds cuDNN for a profile (program.cpp), with the folders of cuDNN's
/// libraries where the loader looks, and softcuda as the libcuda.so.1 that they want. Errors (unsupported):
/// what is not there: the program itself (built only where cuDNN's headers and cudnn_frontend are found), a
/// library, by name.
[[nodiscard]] Outcome<std::vector<std::string>> command_for(const Profile& profile);

/// cuDNN in a process of its own, started when it is needed: a crash or a hang is an answer that was not to
/// be had, and the next question gets a fresh process. Equal questions are asked once.
class Asker {
 public:
  static constexpr double usual_timeout = 60;  ///< seconds; a plan takes half of one to build
  /// `command`: as command_for() gives it. Errors (unsupported): what the process says that it lacks, or how
  /// it ended.
  [[nodiscard]] static Outcome<Asker> open(std::vector<std::string> command,
                                           double timeout_seconds = usual_timeout);

  /// `plan`: file for a built plan, empty: none.
  [[nodiscard]] Answer ask(const Graph& graph, Level level, const std::string& plan = {});
  [[nodiscard]] int version() const { return version_; }  ///< of cuDNN, 91900

 private:
  Asker(std::vector<std::string> command, double timeout) : command_(std::move(command)), timeout_(timeout) {}
  [[nodiscard]] Outcome<void> start();
  std::vector<std::string> command_;
  double timeout_;
  std::optional<detail::Process> process_;
  std::map<std::string, Answer> known_;
  int version_ = 0;
};

/// "9.19.0"
[[nodiscard]] std::string version_in_words(int version);

}  // namespace flashdiff::cudnn
