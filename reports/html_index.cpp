#include <algorithm>

#include <fmt/format.h>

#include "harness/oracle/in_words.h"
#include "reports/facts.h"
#include "reports/html.h"
#include "reports/numbers.h"
#include "reports/sparkline.h"
#include "reports/summarise.h"
#include "reports/text.h"

namespace flashdiff::detail {
namespace {

constexpr std::size_t most_worst = 5, most_changed = 20, most_matrices = 6;

void fill_changes(View& root, const Report& report) {
  const Changes changes = report.options.changes.value_or(Changes{});
  ViewList changed;
  for (const Changes::Case& one : changes.cases) {
    if (changed.size() == most_changed) break;
    CaseRecord record;
    record.line = one.line;
    record.repro_options = one.repro_options;
    View view;
    view.set("state", one.worse ? "fail" : "none");
    view.set("change", one.change);
    view.set("was", one.was);
    view.set("is", one.is);
    view.set("backend", one.backend);
    view.set("explained", shortened(one_line(one.why), 300));
    view.set("repro", repro_command(report.options, record));
    changed.push_back(view);
  }
  const auto worse = std::ranges::count_if(changes.cases, &Changes::Case::worse);
  root.set("any_change", View(report.options.changes.has_value()));
  root.set("base", changes.base);
  root.set("changes_words",
           fmt::format("{} worse, {} otherwise changed, {} as before; {} only here, {} only there",
                       counted(worse, "case", "cases"), grouped(std::ssize(changes.cases) - worse),
                       grouped(changes.as_before), grouped(changes.only_next), grouped(changes.only_base)));
  root.set("any_changed", View(!changed.empty()));
  root.set("changed", changed);
  const auto left = std::ssize(changes.cases) - std::ssize(changed);
  root.set("changes_cut", View(left > 0));
  root.set("changes_rest", fmt::format("And {} more: `flashdiff compare` tells them.", grouped(left)));
}

void fill_worst(View& root, const Report& report, const Shown& shown) {
  ViewList worst;
  for (const std::size_t at : flashdiff::foremost(report, most_worst)) {
    const Finding& finding = report.findings[at];
    const CaseRecord& drawn = report.cases[finding.record];
    View view;
    fill_identity(view, drawn);
    const auto place = shown.at.find(drawn.id);
    view.set("href", place != shown.at.end() ? place->second : "failures.html");
    view.set("repro", repro_command(report.options, finding.shrunk ? report.shrunk[*finding.shrunk] : drawn));
    worst.push_back(view);
  }
  root.set("any_worst", View(!worst.empty()));
  root.set("worst_words",
           fmt::format("{} of {}", worst.size(),
                       counted(std::ssize(report.findings), "different failure", "different failures")));
  root.set("foremost", worst);
}

View backend_row(const BackendSummary& backend, std::size_t number, const Shown& shown) {
  ViewList counts;
  const auto add = [&](std::int64_t count, bool bad) {
    View cell;
    cell.set("count", grouped(count));
    cell.set("bad", View(bad && count > 0));
    cell.set("link", link_to_cases(shown, fmt::format("backend-{}", number), count > 0));
    counts.push_back(cell);
  };
  add(backend.tally.failed, true);
  add(backend.tally.passed, false);
  add(backend.tally.weak, false);
  add(backend.tally.unsupported, false);
  add(backend.tally.not_executed, false);
  BudgetUse most;
  for (const TensorWorst& one : backend.worst) most.outputs.push_back({one.tensor, one.at.use});
  View row;
  row.set("name", backend.name);
  row.set("href", fmt::format("correctness.html#backend-{}", number));
  row.set("device", backend.device);
  row.set("counts", counts);
  row.set("most", most.outputs.empty() ? "-" : flashdiff::in_words(most));
  row.set("most_link", link_to_cases(shown, fmt::format("most-{}", number), !most.outputs.empty()));
  return row;
}

void fill_backends(View& root, const Report& report, const Shown& shown) {
  ViewList rows, matrices;
  for (std::size_t i = 0; i < report.backends.size(); ++i)
    rows.push_back(backend_row(report.backends[i], i, shown));
  std::size_t all = 0;
  for (std::size_t i = 0; i < report.matrices.size(); ++i) {
    if (report.matrices[i].row_axis != "layout") continue;
    ++all;
    if (matrices.size() < most_matrices)
      matrices.push_back(matrix_view(report.matrices[i], shown, fmt::format("matrix-{}", i)));
  }
  root.set("backends_words", counted(report.total.cases(), "case", "cases"));
  root.set("backend_rows", rows);
  root.set("matrices_cut", View(matrices.size() < all));
  root.set("matrices_rest", fmt::format("The worst {} of {} backends.", matrices.size(), all));
  root.set("matrices", matrices);
}

}  // namespace

void fill_index(View& root, const Report& report, const Shown& shown) {
  root.set("tiles", tiles_of(report, true));
  fill_changes(root, report);
  fill_worst(root, report, shown);
  fill_backends(root, report, shown);
  fill_history(root, report);
}

}  // namespace flashdiff::detail
