#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/oracle/in_words.h"
#include "reports/facts.h"
#include "reports/html.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::detail {
namespace {

constexpr std::size_t most_reasons = 30, most_runs = 6;

void fill_reasons(View& root, const Report& report, const Shown& shown) {
  ViewList reasons;
  for (std::size_t i = 0; i < std::min(report.reasons.size(), most_reasons); ++i) {
    const Reason& reason = report.reasons[i];
    View view;
    view.set("why", reason.why);
    view.set("backend", reason.backend);
    view.set("kind", reason.kind);
    view.set("count", grouped(reason.count));
    view.set("link", link_to_cases(shown, fmt::format("reason-{}", i), true));
    reasons.push_back(view);
  }
  root.set("any_reason", View(!reasons.empty()));
  root.set("reasons", reasons);
  root.set("reasons_words", counted(report.total.unsupported + report.total.not_executed, "case", "cases") +
                                ": neither right nor wrong");
  const std::size_t left = report.reasons.size() - reasons.size();
  root.set("reasons_cut", View(left > 0));
  root.set("reasons_rest", counted(static_cast<std::int64_t>(left), "more reason", "more reasons") + ".");
}

void fill_captures(View& root, const Report& report, const Shown& shown) {
  ViewList captures;
  Tally all;
  for (const Matrix& matrix : report.captures) {
    Tally total;
    for (const Matrix::Row& row : matrix.rows) total += row.total;
    View view = matrix_view(matrix, shown, fmt::format("capture-{}", captures.size()));
    view.set("uses", failing_share(total));
    captures.push_back(view);
    all += total;
  }
  root.set("any_capture", View(!captures.empty()));
  root.set("captures", captures);
  root.set("captures_words",
           counted(all.cases(), "case", "cases") + " whose queries, keys and values a real model computed");
}

void fill_passes(View& root, const Report& report, const Shown& shown) {
  std::set<std::int64_t> anchored;  // an id must stand once on a page, whatever a store says
  if (!shown.site) {
    for (const Finding& finding : shown.cards) anchored.insert(report.cases[finding.record].id);
    for (const std::size_t row : shown.rows) anchored.insert(report.cases[row].id);
  }
  ViewList closest, weak;
  for (const CaseUse& use : report.closest) {
    const CaseRecord& record = report.cases[use.record];
    const BudgetUse used = *use_of(record.verdict);
    View view;
    view.set("anchor", fmt::format("{}-{}", anchored.insert(record.id).second ? "case" : "again", record.id));
    view.set("id", std::to_string(record.id));
    view.set("used", in_words(used));
    view.set("state", name_of(record.verdict));
    view.set("verdict", name_of(record.verdict));
    view.set("backend", record.backend);
    view.set("line", one_line(record.line));
    closest.push_back(view);
  }
  for (const std::size_t at : report.weak) {
    const CaseRecord& record = report.cases[at];
    View view;
    view.set("id", std::to_string(record.id));
    view.set("effect", brief(std::get<verdict::PassWeak>(record.verdict).effect));
    view.set("backend", record.backend);
    view.set("line", one_line(record.line));
    weak.push_back(view);
  }
  const auto how_many = [](std::size_t listed, std::int64_t all) {
    const auto here = static_cast<std::int64_t>(listed);
    return here == all ? fmt::format(" ({})", grouped(all))
                       : fmt::format(" ({} of {})", grouped(here), grouped(all));
  };
  const std::int64_t passes = report.total.passed + report.total.weak;
  root.set("any_pass", View(!closest.empty()));
  root.set("passes_words", counted(passes, "case", "cases"));
  root.set("closest_title",
           "Passes by their use of the budget, the closest first" + how_many(closest.size(), passes));
  root.set("closest", closest);
  root.set("any_weak", View(!weak.empty()));
  root.set("weak_title", "Weak passes, the weakest first" + how_many(weak.size(), report.total.weak));
  root.set("weak", weak);
}

void fill_classes(View& root, const Report& report, const Shown& shown) {
  ViewList axes;
  std::int64_t count = 0;
  for (const ClassAxis& axis : report.classes) {
    ViewList classes;
    for (const ClassCount& each : axis.classes) {
      View view;
      view.set("name", each.name);
      view.set("count", grouped(each.tally.cases()));
      view.set("link", link_to_cases(shown, fmt::format("class-{}-{}", axes.size(), classes.size()), true));
      view.set("share", percent(each.tally.cases(), report.total.cases()));
      view.set("bar", fmt::format("{:.1f}", 100.0 * static_cast<double>(each.tally.cases()) /
                                                static_cast<double>(report.total.cases())));
      view.set("failed", grouped(each.tally.failed));
      view.set("any_failed", View(each.tally.failed > 0));
      classes.push_back(view);
      ++count;
    }
    View view;
    view.set("axis", axis.name);
    view.set("classes", classes);
    axes.push_back(view);
  }
  root.set("any_class", View(!axes.empty()));
  root.set("axes", axes);
  root.set("classes_words", fmt::format("{} along {}", counted(count, "class", "classes"),
                                        counted(static_cast<std::int64_t>(axes.size()), "axis", "axes")));
}

}  // namespace

void fill_details(View& root, const Report& report, const Shown& shown) {
  fill_reasons(root, report, shown);
  fill_captures(root, report, shown);
  fill_passes(root, report, shown);
  fill_classes(root, report, shown);
}

void fill_context(View& root, const Report& report) {
  std::vector<RunContext> runs = report.runs;
  if (runs.size() > most_runs) runs.erase(runs.begin(), runs.end() - static_cast<std::ptrdiff_t>(most_runs));
  ViewList names, facts;
  for (std::size_t i = 0; i < runs.size(); ++i)
    names.push_back(View(runs.size() == 1 ? std::string("run")
                                          : fmt::format("run {}", report.runs.size() - runs.size() + i + 1)));
  for (const Fact& fact : facts_of(runs)) {
    ViewList values;
    for (const std::string& value : fact.values) values.push_back(View(value));
    View view;
    view.set("name", fact.name);
    view.set("differs",
             View(fact.differs() && fact.name != "seed" && fact.name != "started" && fact.name != "command"));
    view.set("values", values);
    facts.push_back(view);
  }
  root.set("any_run", View(!runs.empty()));
  root.set("run_names", names);
  root.set("facts", facts);
  root.set("runs_words", runs.size() == report.runs.size()
                             ? counted(static_cast<std::int64_t>(runs.size()), "run", "runs")
                             : fmt::format("the last {} of {} runs", runs.size(), report.runs.size()));
}

}  // namespace flashdiff::detail
