#pragma once
#include <chrono>
#include <string>

#include "harness/cli/terminal.h"

namespace flashdiff::cli {

/// stderr with, on a terminal, one line at its end that is drawn again and again, at most ten times a second.
/// Where that is not wanted, what would be drawn is said as a plain line now and then.
class LiveLine {
 public:
  explicit LiveLine(const Terminal& terminal) : terminal_(terminal) {}
  ~LiveLine() { clear(); }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  /// A line that stays.
  void say(const std::string& line);
  /// How far it is: `done` from 0 to 1. Plain lines come every 30 s or 5 % (and at least 2 s apart).
  void show(const std::string& line, double done);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  Terminal terminal_;
  bool drawn_ = false;
  Clock::time_point last_ = Clock::now();
  double done_ = 0;
};

}  // namespace flashdiff::cli
