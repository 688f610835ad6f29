#pragma once
#include <vector>

#include "harness/lint/rule.h"
#include "harness/lint/step.h"

namespace flashdiff::lint {

/// Steps, and what is to say of them.
struct Report {
  std::vector<Step> steps;
  std::vector<Finding> findings;  ///< by step, then by code
  Settings settings;

  [[nodiscard]] int count(Level level) const;
  /// From a warning on.
  [[nodiscard]] bool anything_wrong() const { return count(Level::warning) + count(Level::error) > 0; }
};

/// Asks every rule about every step.
[[nodiscard]] Report lint(std::vector<Step> steps, const Settings& settings = {});

}  // namespace flashdiff::lint
