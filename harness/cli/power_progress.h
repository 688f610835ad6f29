#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "harness/cli/live_line.h"
#include "harness/score/score.h"
#include "properties/power/power.h"

namespace flashdiff::cli {

/// A hunt as the terminal tells it: what became of each mutant, how far it is, the score.
class PowerProgress : public power::PowerListener {
 public:
  explicit PowerProgress(const Terminal& terminal) : terminal_(terminal), line_(terminal) {}

  void on_hunted(const power::Hunted& hunted) override;
  void on_sound(const power::Sound& sound) override;
  void on_progress(double share, std::uint64_t cases, const std::string& at) override;
  void summary(const power::PowerResult& result, const power::Score& score);

 private:
  [[nodiscard]] double seconds() const;
  Terminal terminal_;
  LiveLine line_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double first_share_ = -1;  ///< of work, that the store held when this call began
};

}  // namespace flashdiff::cli
