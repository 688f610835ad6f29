#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/oracle/judge.h"
#include "harness/outcome/outcome.h"
#include "harness/run/process.h"
#include "harness/run/related.h"

namespace flashdiff {

/// Examines cases in a process of its own: a crash, a hang or a broken context is a verdict about the case,
/// and the next case gets a fresh process. The process runs serve() of serve.h.
class Worker {
 public:
  /// `command`: program and arguments of a process that serves. `most_bytes`: of memory that it may have, 0:
  /// however many; a case that takes more is a crash.
  Worker(std::vector<std::string> command, double timeout_seconds, std::uint64_t most_bytes = 0)
      : command_(std::move(command)), timeout_(timeout_seconds), most_bytes_(most_bytes) {}

  /// Starts the process if there is none and waits until its backends are open. Errors: what the process says
  /// that it cannot open (its kind is kept), or harness where it died before it said anything.
  [[nodiscard]] Outcome<void> ready();

  /// The verdict of a backend about the case of a line, and what relations were tried of it; its answer stays
  /// in the process. Errors: those of ready().
  [[nodiscard]] Outcome<Examination> examine(const std::string& backend, const std::string& line,
                                             const AskedRelations& relations = {});

  /// Who of several backends and the reference agrees with whom about a case that they have answered before:
  /// text of crossed.h. Empty where they do not answer it again. Errors: those of ready().
  [[nodiscard]] Outcome<std::string> cross(const std::vector<std::string>& backends, const std::string& line);

  /// What the process said aside (serve.h) of the last case; empty where nothing.
  [[nodiscard]] const std::string& aside() const { return aside_; }
  /// The relation that the last case, which failed by itself, broke besides; empty where none.
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  std::vector<std::string> command_;
  double timeout_;
  std::uint64_t most_bytes_;
  std::optional<detail::Process> process_;
  std::optional<std::int64_t> kills_before_;  ///< out_of_memory_kills() when it began
  std::string aside_, broken_;
};

}  // namespace flashdiff
