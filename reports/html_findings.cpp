#include <algorithm>
#include <map>
#include <sstream>

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

/// `id`: of the drawing, unique on the page.
void fill_map(View& card, const CaseRecord& record, const std::string& id) {
  std::string svg, words;
  const auto* mismatch = std::get_if<verdict::Mismatch>(&record.verdict);
  if (mismatch != nullptr) {
    const ErrorMap& map = mismatch->map;
    const auto c = parse_case(record.line);
    svg = error_map_svg(map, c ? neighbours_of(*c, map) : MapNeighbours{}, id);
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

void fill_chips(View& card, const std::string& line) {
  ViewList chips;
  for (const std::string& chip : chips_of(line)) chips.push_back(View(chip));
  card.set("chips", chips);
}

/// The line's keys: "seed" and "0x2a".
std::map<std::string, std::string> keys_of(const std::string& line) {
  std::map<std::string, std::string> keys;
  std::istringstream words(line);
  for (std::string word; words >> word;)
    if (const std::size_t equals = word.find('='); equals != std::string::npos)
      keys[word.substr(0, equals)] = word.substr(equals + 1);
  return keys;
}

/// What is other in the smallest case than as it was drawn.
ViewList path_of(const std::string& drawn, const std::string& smallest) {
  const auto before = keys_of(drawn);
  auto after = keys_of(smallest);
  ViewList path;
  const auto add = [&](const std::string& key, const std::string& was, const std::string& is) {
    if (was == is) return;
    View step;
    step.set("key", key);
    step.set("drawn", shortened(was.empty() ? "-" : was, 120));
    step.set("smallest", shortened(is.empty() ? "-" : is, 120));
    path.push_back(step);
  };
  for (const auto& [key, was] : before) {
    add(key, was, after[key]);
    after.erase(key);
  }
  for (const auto& [key, is] : after) add(key, "", is);
  return path;
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
  const ViewList path = path_of(drawn.line, shortest.line);
  card.set("has_path", View(!path.empty()));
  card.set("path", path);
}

/// Of cases that have a place on the page.
ViewList ids_of(const std::vector<std::size_t>& records, const Report& report, const Shown& shown) {
  ViewList ids;
  for (const std::size_t at : records) {
    const std::int64_t case_id = report.cases[at].id;
    if (ids.size() == most_same || !shown.at.contains(case_id)) break;
    View id;
    id.set("id", std::to_string(case_id));
    ids.push_back(id);
  }
  return ids;
}

View card_view(const Finding& finding, const Report& report, const Shown& shown) {
  const CaseRecord& record = report.cases[finding.record];
  View card;
  fill_identity(card, record);
  fill_chips(card, record.line);
  fill_worst(card, record.verdict);
  const std::string lines = lines_of(record.verdict);
  card.set("has_report", View(!lines.empty()));
  card.set("report_title",
           std::holds_alternative<verdict::Fault>(record.verdict) ? "What the device said" : "Where");
  card.set("device_report", shortened(lines, most_report_bytes));
  fill_shrunk(card, finding, report);
  fill_cross(card, report, record.line);
  fill_map(card, record, fmt::format("map-{}", record.id));
  const auto others = static_cast<std::int64_t>(finding.same.size());
  card.set("has_same", View(others > 0));
  card.set("same_words", others == 1 ? std::string("One other failure shrinks to the same case:")
                                     : grouped(others) + " other failures shrink to the same case:");
  const ViewList same = ids_of(finding.same, report, shown);
  card.set("same", same);
  card.set("same_rest", finding.same.size() > same.size() ? "…" : "");
  return card;
}

View row_view(const CaseRecord& record) {
  View row;
  fill_identity(row, record);
  row.set("line", one_line(record.line));
  return row;
}

}  // namespace

void fill_identity(View& view, const CaseRecord& record) {
  view.set("id", std::to_string(record.id));
  view.set("kind", name_of(record.verdict));
  view.set("kind_class", "fail");
  view.set("symbol", symbol_of(record.verdict));
  view.set("backend", record.backend);
  view.set("explained", explain(record.verdict));
}

Shown shown_of(const Report& report, bool site) {
  Shown shown;
  shown.site = site;
  const auto tell = [&](const char* page, std::size_t at) {
    const std::int64_t id = report.cases[at].id;
    shown.at.emplace(id, fmt::format("{}#case-{}", site ? page : "", id));
  };
  std::vector<std::size_t> others;
  const std::vector<std::size_t> cards = foremost(report, most_cards);
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (std::ranges::binary_search(cards, i)) {
      shown.cards.push_back(finding);
      tell("failures.html", finding.record);
    } else {
      others.push_back(finding.record);
    }
    others.insert(others.end(), finding.same.begin(), finding.same.end());
  }
  std::ranges::sort(others);
  for (const std::size_t other : others)
    if (shown.rows.size() < most_rows) {
      shown.rows.push_back(other);
      tell("failures.html", other);
    } else {
      ++shown.untold;
    }
  shown.untold += report.unheld;
  for (const CaseUse& use : report.closest) tell("correctness.html", use.record);
  return shown;
}

void fill_findings(View& root, const Report& report, const Shown& shown) {
  root.set("any_failure", View(report.total.failed > 0));
  root.set("failures_words", counted(report.total.failed, "wrong case", "wrong cases"));
  ViewList cards, others;
  for (const Finding& finding : shown.cards) cards.push_back(card_view(finding, report, shown));
  for (const std::size_t row : shown.rows) others.push_back(row_view(report.cases[row]));
  root.set("cards", cards);
  root.set("has_others", View(!others.empty()));
  root.set("others_title",
           counted(static_cast<std::int64_t>(others.size()), "more wrong case", "more wrong cases"));
  root.set("others", others);
  root.set("has_rest", View(shown.untold > 0));
  root.set("rest", "And " + grouped(shown.untold) + " more: junit.xml and the store name them all.");
}

void fill_known(View& root, const Report& report) {
  ViewList known;
  for (const KnownFinding& one : report.known) {
    const CaseRecord& record = one.record;
    View card;
    fill_identity(card, record);
    // Whoever has mended it meanwhile is told as what he is now.
    const bool wrong = is_failure(record.verdict);
    card.set("kind_class", wrong ? "fail" : "none");
    if (!wrong) card.set("symbol", "·");
    card.set("number", std::to_string(known.size() + 1));
    card.set("device", record.device);
    card.set("about", one.about);
    fill_chips(card, record.line);
    fill_worst(card, record.verdict);
    card.set("repro", repro_command(report.options, record));
    fill_map(card, record, fmt::format("known-map-{}", known.size() + 1));
    known.push_back(card);
  }
  root.set("any_known", View(!known.empty()));
  root.set("known", known);
}

}  // namespace flashdiff::detail
