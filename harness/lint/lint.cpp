#include "harness/lint/lint.h"

#include <algorithm>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {

int Report::count(Level level) const {
  return static_cast<int>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.level == level; }));
}

Report lint(std::vector<Step> steps, const Settings& settings) {
  Report report;
  report.steps = std::move(steps);
  report.settings = settings;
  for (std::size_t i = 0; i < report.steps.size(); ++i)
    for (const Rule* rule : all_rules()) {
      auto found = rule->find(Seen{report.steps[i], report.settings});
      if (!found) continue;
      report.findings.push_back(
          {rule, found->level.value_or(rule->level), i, std::move(found->message), std::move(found->rows)});
    }
  return report;
}

}  // namespace flashdiff::lint
