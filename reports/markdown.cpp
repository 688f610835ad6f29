#include "reports/markdown.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/oracle/in_words.h"
#include "reports/facts.h"
#include "reports/numbers.h"
#include "reports/summarise.h"
#include "reports/templates.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

/// How much of the parts that have no natural end is told.
struct Room {
  std::size_t failures, classes, rows;
};

const char* symbol_of(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::pass: return "✅";
    case Conclusion::fail: return "❌";
    case Conclusion::incomplete: break;
  }
  return "⚠️";
}

/// Within code nothing can be escaped; a line break or a backtick would end it.
std::string code(std::string_view text) {
  std::string line = one_line(text);
  std::ranges::replace(line, '`', '\'');
  return shortened(line, 2000);
}

ViewList failures_of(const Report& report, std::size_t most) {
  ViewList failures;
  for (const std::size_t at : foremost(report, most)) {
    const Finding& finding = report.findings[at];
    const CaseRecord& drawn = report.cases[finding.record];
    const CaseRecord& shortest = finding.shrunk ? report.shrunk[*finding.shrunk] : drawn;
    View view;
    view.set("kind", name_of(drawn.verdict));
    view.set("backend", drawn.backend);
    view.set("id", std::to_string(drawn.id));
    const auto crossed = report.crossed.find(drawn.line);
    view.set(
        "explained",
        shortened(one_line(explain(drawn.verdict)), 700) +
            (crossed == report.crossed.end() ? "" : "; asked crosswise: " + conclusion_of(crossed->second)));
    view.set("chips", fmt::format("{}", fmt::join(chips_of(drawn.line), " · ")));
    view.set("repro", code(repro_command(report.options, shortest)));
    view.set("has_shrunk", View(finding.shrunk.has_value()));
    view.set("shrunk_words",
             fmt::format("Shrunk in {}.{}", counted(shortest.shrink_steps, "execution", "executions"),
                         finding.same.empty()
                             ? ""
                             : fmt::format(" {} to the same case.",
                                           counted(static_cast<std::int64_t>(finding.same.size()),
                                                   "other failure shrinks", "other failures shrink"))));
    failures.push_back(view);
  }
  return failures;
}

void backends_section(View& root, const Report& report, const Room& room) {
  ViewList backends, shared;
  const auto worst_of = [](const BackendSummary& b) {
    BudgetUse worst;
    for (const TensorWorst& one : b.worst) worst.outputs.push_back({one.tensor, one.at.use});
    return worst.outputs.empty() ? "-" : in_words(worst);
  };
  for (const BackendSummary& b : report.backends) {
    if (backends.size() == room.rows) break;
    View view;
    view.set("name", b.name);
    view.set("device", b.device);
    view.set("failed", grouped(b.tally.failed));
    view.set("judged", grouped(b.tally.judged()));
    view.set("worst", worst_of(b));
    backends.push_back(view);
    for (const SharedClass& each : b.shared) {
      View item;
      item.set("backend", b.name);
      item.set("label", code(each.label));
      item.set("within", failing_share(each.within));
      item.set("outside", failing_share(each.outside));
      shared.push_back(item);
    }
  }
  root.set("backends", backends);
  root.set("shared", shared);
}

std::string cell_of(const Tally& tally) {
  if (tally.cases() == 0) return "";
  if (tally.judged() == 0) return tally.not_executed > 0 ? "not executed" : "unsupported";
  return fmt::format("{} {} / {}", tally.failed > 0 ? "❌" : "✅", grouped(tally.failed),
                     grouped(tally.judged()));
}

ViewList matrices_of(const Report& report, const Room& room) {
  ViewList matrices;
  for (const auto* group : {&report.matrices, &report.captures})
    for (const Matrix& matrix : *group) {
      if (matrices.size() == room.rows) break;
      ViewList columns, rows;
      for (const std::string& column : matrix.columns) columns.push_back(View(column));
      for (const Matrix::Row& row : matrix.rows) {
        ViewList cells;
        for (const Tally& cell : row.cells) cells.push_back(View(cell_of(cell)));
        View told;
        told.set("name", row.name);
        told.set("cells", cells);
        rows.push_back(told);
      }
      View view;
      view.set("backend", matrix.backend);
      view.set("row_axis", matrix.row_axis);
      view.set("column_axis", matrix.column_axis);
      view.set("columns", columns);
      view.set("rows", rows);
      matrices.push_back(view);
    }
  return matrices;
}

void bench_section(View& root, const Report& report, const Room& room) {
  ViewList tables;
  for (const BenchTable& table : report.bench) {
    if (room.classes == 0) break;
    ViewList columns, rows;
    for (const std::string& column : table.columns) columns.push_back(View(column));
    for (const BenchTable::Row& row : table.rows) {
      ViewList cells;
      for (const std::string& cell : row.cells) cells.push_back(View(cell));
      View told;
      told.set("name", (row.off ? "❌ " : "") + row.name);
      told.set("cells", cells);
      rows.push_back(told);
    }
    View view;
    view.set("kernel", table.kernel);
    view.set("title", table.title);
    view.set("columns", columns);
    view.set("rows", rows);
    tables.push_back(view);
  }
  root.set("any_bench", View(!tables.empty()));
  root.set("bench", tables);
}

void power_section(View& root, const Report& report, const Room& room) {
  ViewList mutants, rules;
  for (const power::Hunted& one : report.hunted) {
    if (room.classes == 0) break;
    View view;
    view.set("name", (one.as_expected() ? "" : "❌ ") + one.mutant);
    view.set("kernel", one.kernel);
    view.set("killer", killer_of(one));
    view.set("cases", grouped(static_cast<std::int64_t>(one.kill ? one.kill->index + 1 : one.cases)));
    view.set("evidence", shortened(one.evidence, 200));
    view.set("others", killed_by_others(one));
    mutants.push_back(view);
  }
  for (const power::Score::Rule& rule : report.score.rules) {
    View view;
    view.set("name", rule.name);
    view.set("kills", fmt::format("{} of {}", rule.killed, rule.asked));
    view.set("alarms", fmt::format("{} of {}", grouped(rule.alarms), grouped(rule.judged)));
    rules.push_back(view);
  }
  root.set("any_power", View(!report.hunted.empty()));
  root.set("power_words", words_of(report.score));
  root.set("mutants", mutants);
  root.set("rules", rules);
}

void reasons_section(View& root, const Report& report, const Room& room) {
  ViewList reasons;
  for (std::size_t i = 0; i < std::min(report.reasons.size(), room.rows); ++i) {
    const Reason& reason = report.reasons[i];
    View view;
    view.set("why", shortened(reason.why, 300));
    view.set("backend", reason.backend);
    view.set("kind", reason.kind);
    view.set("count", grouped(reason.count));
    reasons.push_back(view);
  }
  root.set("any_reason", View(!reasons.empty()));
  root.set("reasons", reasons);
}

void classes_section(View& root, const Report& report, const Room& room) {
  ViewList classes;
  for (const ClassAxis& axis : report.classes)
    for (const ClassCount& each : axis.classes) {
      if (classes.size() == room.classes) break;
      View view;
      view.set("axis", axis.name);
      view.set("name", each.name);
      view.set("count", grouped(each.tally.cases()));
      view.set("share", percent(each.tally.cases(), report.total.cases()));
      view.set("failed", grouped(each.tally.failed));
      classes.push_back(view);
    }
  root.set("any_class", View(!classes.empty()));
  root.set("classes", classes);
}

void facts_section(View& root, const Report& report) {
  ViewList facts;
  for (const Fact& fact : facts_of(report.runs)) {
    View view;
    view.set("name", fact.name);
    view.set("value", shortened(joined(fact), 500));
    facts.push_back(view);
  }
  root.set("any_run", View(!report.runs.empty()));
  root.set("facts", facts);
}

std::string with_room(const Report& report, const Room& room) {
  View root;
  root.set("conclusion", name_of(report.conclusion));
  root.set("conclusion_symbol", symbol_of(report.conclusion));
  root.set("title", report.options.title);
  root.set("why", shortened(report.why, 1000));
  root.set("failed", grouped(report.total.failed));
  root.set("passed", grouped(report.total.passed));
  root.set("weak", grouped(report.total.weak));
  root.set("unsupported", grouped(report.total.unsupported));
  root.set("not_executed", grouped(report.total.not_executed));
  const ViewList failures = failures_of(report, room.failures);
  const std::int64_t untold = std::ssize(report.findings) - std::ssize(failures) + report.unheld;
  root.set("any_failure", View(!report.findings.empty()));
  root.set("failures", failures);
  root.set("has_untold", View(untold > 0));
  root.set("untold",
           "And " + counted(untold, "more", "more") + ": index.html, junit.xml and the store name them.");
  backends_section(root, report, room);
  root.set("matrices", matrices_of(report, room));
  bench_section(root, report, room);
  power_section(root, report, room);
  reasons_section(root, report, room);
  classes_section(root, report, room);
  facts_section(root, report);
  return render("report.md.mustache", root, markdown_escaped);
}

}  // namespace

std::string markdown(const Report& report) {
  for (const Room room : {Room{20, 200, 30}, Room{6, 60, 12}, Room{2, 0, 4}})
    if (std::string text = with_room(report, room); text.size() < markdown_limit) return text;
  return shortened(with_room(report, Room{0, 0, 1}), markdown_limit - 1);
}

}  // namespace flashdiff
