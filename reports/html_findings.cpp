#include <algorithm>

#include <fmt/format.h>

#include "harness/oracle/in_words.h"
#include "harness/problem/case.h"
#include "reports/error_map.h"
#include "reports/facts.h"
#include "reports/html.h"
#include "reports/numbers.h"
#include "reports/summarise.h"
#include "reports/text.h"

namespace flashdiff::detail {
namespace {

// A page stays light: a map is up to 60 kB, a row 1 kB.
constexpr std::size_t most_cards = 12, most_rows = 300, most_same = 24;
constexpr std::size_t most_report_bytes = 6000;

const char* symbol_of(const Verdict& verdict) {
  if (std::holds_alternative<verdict::NotEquivalent>(verdict) ||
      std::holds_alternative<verdict::BrokenRelation>(verdict))
    return "≠";
  if (std::holds_alternative<verdict::Bias>(verdict)) return "~";
  if (std::holds_alternative<verdict::Fault>(verdict) || std::holds_alternative<verdict::Crash>(verdict) ||
      std::holds_alternative<verdict::Timeout>(verdict))
    return "!";
  return "✗";
}

void fill_worst(View& card, const Verdict& verdict) {
  const auto* mismatch = std::get_if<verdict::Mismatch>(&verdict);
  const verdict::Mismatch none;
  const verdict::Mismatch& m = mismatch != nullptr ? *mismatch : none;
  card.set("has_worst", View(mismatch != nullptr));
  card.set("worst_at", in_words(m.worst.at));
  card.set("got", exact(m.worst.got));
  card.set("want", exact(m.worst.want));
  card.set("budget", brief(m.worst.budget));
  card.set("used", brief(m.worst.use()) + (m.worst.use() > 0 ? " ×" : ""));
}

/// The long form of a verdict that has one.
std::string lines_of(const Verdict& verdict) {
  if (const auto* fault = std::get_if<verdict::Fault>(&verdict)) return fault->report;
  // The sentence names two already.
  if (const auto* touched = std::get_if<verdict::PaddingTouched>(&verdict);
      touched != nullptr && touched->where.size() > 2)
    return fmt::format("{}", fmt::join(touched->where, "\n"));
  return {};
}

void fill_map(View& card, const CaseRecord& record) {
  std::string svg, words;
  const auto* mismatch = std::get_if<verdict::Mismatch>(&record.verdict);
  if (mismatch != nullptr) {
    const ErrorMap& map = mismatch->map;
    const auto c = parse_case(record.line);
    svg = error_map_svg(map, c ? neighbours_of(*c, map) : MapNeighbours{}, fmt::format("map-{}", record.id));
    words =
        fmt::format("Budget use of {} in sequence {}, {} {}: {} × {}", name_of(map.tensor), map.sequence,
                    head_word(map.tensor), map.head, rows_of(map), counted(map.columns, "column", "columns"));
    if (map.cell_rows > 1 || map.cell_columns > 1)
      words += fmt::format("; a cell is the worst of {} × {}", map.cell_rows, map.cell_columns);
    if (map.rows > 64 || map.columns > 64) words += "; lines stand at multiples of 64";
  }
  card.set("has_map", View(!svg.empty()));
  card.set("map", svg);
  card.set("map_words", words + ".");
}

void fill_shrunk(View& card, const Finding& finding, const Report& report) {
  const CaseRecord& drawn = report.cases[finding.record];
  const CaseRecord& shortest = finding.shrunk ? report.shrunk[*finding.shrunk] : drawn;
  card.set("repro_title", finding.shrunk ? "Run the smallest case again" : "Run it again");
  card.set("repro", repro_command(report.options, shortest));
  card.set("has_shrunk", View(finding.shrunk.has_value()));
  card.set("shrunk_words",
           fmt::format("Shrunk in {}; there: {}.", counted(shortest.shrink_steps, "execution", "executions"),
                       explain(shortest.verdict)));
  card.set("drawn_repro", repro_command(report.options, drawn));
}

ViewList ids_of(const std::vector<std::size_t>& records, const Report& report) {
  ViewList ids;
  for (std::size_t i = 0; i < std::min(records.size(), most_same); ++i) {
    View id;
    id.set("id", std::to_string(report.cases[records[i]].id));
    ids.push_back(id);
  }
  return ids;
}

/// Tags that a card and a row share.
void fill_identity(View& view, const CaseRecord& record) {
  view.set("id", std::to_string(record.id));
  view.set("kind", name_of(record.verdict));
  view.set("kind_class", "fail");
  view.set("symbol", symbol_of(record.verdict));
  view.set("backend", record.backend);
  view.set("explained", explain(record.verdict));
}

View card_view(const Finding& finding, const Report& report) {
  const CaseRecord& record = report.cases[finding.record];
  View card;
  fill_identity(card, record);
  ViewList chips;
  for (const std::string& chip : chips_of(record.line)) chips.push_back(View(chip));
  card.set("chips", chips);
  fill_worst(card, record.verdict);
  const std::string lines = lines_of(record.verdict);
  card.set("has_report", View(!lines.empty()));
  card.set("report_title",
           std::holds_alternative<verdict::Fault>(record.verdict) ? "What the device said" : "Where");
  card.set("device_report", shortened(lines, most_report_bytes));
  fill_shrunk(card, finding, report);
  fill_map(card, record);
  const auto others = static_cast<std::int64_t>(finding.same.size());
  card.set("has_same", View(others > 0));
  card.set("same_words", others == 1 ? std::string("One other failure shrinks to the same case:")
                                     : grouped(others) + " other failures shrink to the same case:");
  card.set("same", ids_of(finding.same, report));
  card.set("same_rest", finding.same.size() > most_same ? "…" : "");
  return card;
}

View row_view(const CaseRecord& record) {
  View row;
  fill_identity(row, record);
  row.set("line", one_line(record.line));
  return row;
}

}  // namespace

Shown shown_of(const Report& report) {
  Shown shown;
  std::vector<std::size_t> others;
  const std::vector<std::size_t> cards = foremost(report, most_cards);
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (std::ranges::binary_search(cards, i)) {
      shown.cards.push_back(finding);
      shown.ids.insert(report.cases[finding.record].id);
    } else {
      others.push_back(finding.record);
    }
    others.insert(others.end(), finding.same.begin(), finding.same.end());
  }
  std::ranges::sort(others);
  for (const std::size_t other : others)
    if (shown.rows.size() < most_rows) {
      shown.rows.push_back(other);
      shown.ids.insert(report.cases[other].id);
    } else {
      ++shown.untold;
    }
  shown.untold += report.unheld;
  for (const CaseUse& use : report.closest) shown.ids.insert(report.cases[use.record].id);
  return shown;
}

void fill_findings(View& root, const Report& report, const Shown& shown) {
  root.set("any_failure", View(report.total.failed > 0));
  root.set("failures_words", counted(report.total.failed, "wrong case", "wrong cases"));
  ViewList cards, others;
  for (const Finding& finding : shown.cards) cards.push_back(card_view(finding, report));
  for (const std::size_t row : shown.rows) others.push_back(row_view(report.cases[row]));
  root.set("cards", cards);
  root.set("has_others", View(!others.empty()));
  root.set("others_title",
           counted(static_cast<std::int64_t>(others.size()), "more wrong case", "more wrong cases"));
  root.set("others", others);
  root.set("has_rest", View(shown.untold > 0));
  root.set("rest", "And " + grouped(shown.untold) + " more: junit.xml and the store name them all.");
}

}  // namespace flashdiff::detail
