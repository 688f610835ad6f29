#include "harness/lint/lint.h"

#include <algorithm>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {

int Report::count(Level level) const {
  return static_cast<int>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.level == level; }));
}

int Report::count(Level level, std::size_t step) const {
  return static_cast<int>(std::count_if(findings.begin(), findings.end(), [&](const Finding& f) {
    return f.level == level && f.step == step;
  }));
}

Report lint(std::vector<Step> steps, const Settings& settings, std::vector<Step> against) {
  Report report;
  report.steps = std::move(steps);
  report.against = std::move(against);
  report.settings = settings;
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    const Step& step = report.steps[i];
    // Batches of training stand by themselves; the steps of a generation follow each other.
    const Step* before = i > 0 && step.behind_a_cache() ? &report.steps[i - 1] : nullptr;
    const Seen seen{step, report.settings, before, report.against.empty() ? nullptr : &report.against[i]};
    for (const Rule* rule : all_rules()) {
      auto found = rule->find(seen);
      if (!found) continue;
      report.findings.push_back(
          {rule, found->level.value_or(rule->level), i, std::move(found->message), std::move(found->rows)});
    }
  }
  return report;
}

}  // namespace flashdiff::lint
