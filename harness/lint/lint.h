#pragma once
#include <vector>

#include "harness/lint/rule.h"
#include "harness/lint/step.h"

namespace flashdiff::lint {

/// Steps, and what is to say of them.
struct Report {
  std::vector<Step> steps;
  std::vector<Finding> findings;  ///< by step, then by code
  std::vector<Step> against;      ///< other masks of the same batches, a step each; or none
  Settings settings;

  [[nodiscard]] int count(Level level) const;
  /// Of one step.
  [[nodiscard]] int count(Level level, std::size_t step) const;
  /// From a warning on.
  [[nodiscard]] bool anything_wrong() const { return count(Level::warning) + count(Level::error) > 0; }
};

/// Asks every rule about every step. `against`: none, or as many as there are steps.
[[nodiscard]] Report lint(std::vector<Step> steps, const Settings& settings = {},
                          std::vector<Step> against = {});

}  // namespace flashdiff::lint
