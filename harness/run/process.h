#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "harness/outcome/outcome.h"

namespace flashdiff::detail {

/// A child process that is asked by lines on its standard input and answers by lines on descriptor
/// `answer_fd`: its standard output and error stay free for whatever a driver prints. Killed and waited for
/// when destroyed.
class Process {
 public:
  static constexpr int answer_fd = 3;

  /// Errors (harness): what could not be made.
  [[nodiscard]] static Outcome<Process> start(const std::vector<std::string>& command);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  /// What the child does: a line on `answer_fd`. False where who asked is gone.
  static bool say(std::string line);

  /// False where the child is gone.
  [[nodiscard]] bool ask(std::string line);
  enum class Heard { line, closed, late, too_large };
  /// The next line, waited for until the deadline, or until the child has more than `most_bytes` of memory
  /// (0: however many), which is looked at every 20 ms.
  [[nodiscard]] Heard answer(std::string& line, std::chrono::steady_clock::time_point deadline,
                             std::uint64_t most_bytes = 0);
  /// Kills it if need be, and says how it ended: "killed by signal 11 (Segmentation fault)", "exit code 3".
  [[nodiscard]] std::string end();

 private:
  Process(pid_t pid, int to, int from) : pid_(pid), to_(to), from_(from) {}
  void close_all();
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
  std::string heard_;
};

}  // namespace flashdiff::detail
