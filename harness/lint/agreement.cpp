#include "harness/lint/agreement.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

std::vector<const char*> found(const Report& report, std::size_t step,
                               std::initializer_list<const Rule*> rules) {
  std::vector<const char*> codes;
  for (const Finding& finding : report.findings)
    if (finding.step == step && std::find(rules.begin(), rules.end(), finding.rule) != rules.end())
      codes.push_back(finding.rule->code);
  return codes;
}

}  // namespace

std::vector<Agreement> agreements(const Report& report, std::size_t i) {
  const Step& step = report.steps[i];
  std::vector<Agreement> all;
  if (step.positions.given()) {
    const std::string axes = step.positions.axes == 1 ? "" : fmt::format(", on {} axes", step.positions.axes);
    all.push_back(
        {"positions",
         (step.behind_a_cache() && i > 0 ? "go on where the step before ended" : "count tokens") + axes,
         found(report, i,
               {&positions_count_padding, &positions_do_not_continue, &positions_irregular,
                &packed_sequences})});
  }
  if (!step.cache_lengths.empty())
    all.push_back({"cache lengths", "are those of the mask", found(report, i, {&cache_lengths_disagree})});
  if (!step.slots.empty())
    all.push_back(
        {"cache slots", "are where the mask has the new tokens", found(report, i, {&cache_slots_disagree})});
  if (!step.spans.empty() || step.ids_columns > 0)
    all.push_back({"image tokens", fmt::format("{} spans, all of them tokens by the mask", step.spans.size()),
                   found(report, i, {&images_not_expanded, &images_masked})});
  if (!report.against.empty())
    all.push_back({"the other mask", "pads the same rows on the same side",
                   found(report, i, {&sides_differ, &tokens_differ})});
  return all;
}

}  // namespace flashdiff::lint
