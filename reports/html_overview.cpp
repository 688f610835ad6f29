#include <fmt/format.h>

#include "reports/facts.h"
#include "reports/histogram.h"
#include "reports/html.h"
#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

struct CellFace {
  const char *state, *symbol, *word;
  std::string count, of;
};

CellFace cell_face(const Tally& tally) {
  if (tally.failed > 0) return {"fail", "✗", "wrong", grouped(tally.failed), grouped(tally.judged())};
  if (tally.judged() > 0 && tally.weak == tally.judged())
    return {"pass-weak", "~", "weak", grouped(tally.weak), ""};
  if (tally.judged() > 0) return {"pass", "✓", "pass", grouped(tally.judged()), ""};
  if (tally.not_executed > 0) return {"not-executed", "○", "not executed", grouped(tally.not_executed), ""};
  if (tally.unsupported > 0) return {"unsupported", "–", "unsupported", grouped(tally.unsupported), ""};
  return {"empty", "", "no case", "", ""};
}

}  // namespace

std::string in_words(const Tally& tally) {
  std::string words;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) words += fmt::format("{}{} {}", words.empty() ? "" : ", ", grouped(count), what);
  };
  add(tally.failed, "wrong");
  add(tally.passed, "pass");
  add(tally.weak, "pass-weak");
  add(tally.unsupported, "unsupported");
  add(tally.not_executed, "not executed");
  return words.empty() ? "no case" : words;
}

View link_to_cases(const Shown& shown, const std::string& anchor, bool any) {
  return shown.site && any ? View("cases.html#" + anchor) : View(false);
}

namespace {

/// The cases of a label, "layout:left".
View link_to_class(const Report& report, const Shown& shown, const std::string& label) {
  for (std::size_t a = 0; a < report.classes.size(); ++a)
    for (std::size_t c = 0; c < report.classes[a].classes.size(); ++c)
      if (const ClassAxis& axis = report.classes[a];
          label == axis.name + ":" + axis.classes[c].name || label == axis.classes[c].name)
        return link_to_cases(shown, fmt::format("class-{}-{}", a, c), true);
  return View(false);
}

View backend_view(const BackendSummary& backend, const Report& report, const Shown& shown) {
  View view;
  view.set("anchor", fmt::format("backend-{}", &backend - report.backends.data()));
  view.set("name", backend.name);
  view.set("device", backend.device);
  view.set("summary", in_words(backend.tally));
  view.set("link", link_to_cases(shown, fmt::format("backend-{}", &backend - report.backends.data()), true));
  // What is right need not be read while something else is wrong.
  view.set("collapsed", View(report.total.failed > 0 && backend.tally.failed == 0));
  ViewList shared;
  for (const SharedClass& each : backend.shared) {
    View item;
    item.set("label", each.label);
    item.set("link", link_to_class(report, shown, each.label));
    item.set("within", failing_share(each.within));
    item.set("outside", failing_share(each.outside));
    shared.push_back(item);
  }
  view.set("shares", View(!shared.empty()));
  view.set("shared", shared);
  ViewList matrices;
  for (std::size_t i = 0; i < report.matrices.size(); ++i)
    if (report.matrices[i].backend == backend.name)
      matrices.push_back(matrix_view(report.matrices[i], shown, fmt::format("matrix-{}", i)));
  view.set("matrices", matrices);
  view.set("has_uses", View(!backend.worst.empty()));
  const auto number = &backend - report.backends.data();
  const auto behind = [number](int slot) { return fmt::format("cases.html#use-{}-{}", number, slot); };
  view.set("histogram",
           shown.site ? histogram_svg(backend.histogram, behind) : histogram_svg(backend.histogram));
  ViewList worst;
  for (const TensorWorst& one : backend.worst) {
    View use = use_view(name_of(one.tensor), one.at, report, shown);
    if (shown.site && use.get("linked")->is_false()) {
      use.set("linked", View(true));
      use.set("href", fmt::format("cases.html#most-{}", number));
    }
    worst.push_back(use);
  }
  view.set("worst", worst);
  view.set("times", fmt::format("{} on the device, {} in the reference", duration(backend.device_ms),
                                duration(backend.reference_ms)));
  return view;
}

}  // namespace

View matrix_view(const Matrix& matrix, const Shown& shown, const std::string& anchor) {
  View view;
  view.set("backend", matrix.backend);
  view.set("row_axis", matrix.row_axis);
  view.set("column_axis", matrix.column_axis);
  ViewList columns;
  for (const std::string& column : matrix.columns) columns.push_back(View(column));
  view.set("columns", columns);
  ViewList rows;
  for (const Matrix::Row& row : matrix.rows) {
    ViewList cells;
    for (const Tally& cell : row.cells) {
      const std::string at = fmt::format("{}-{}-{}", anchor, rows.size(), cells.size());
      const CellFace face = cell_face(cell);
      View told;
      told.set("state", face.state);
      told.set("symbol", face.symbol);
      told.set("state_word", face.word);
      told.set("count", face.count);
      told.set("link", link_to_cases(shown, at, cell.cases() > 0));
      told.set("has_of", View(!face.of.empty()));
      told.set("of", face.of);
      told.set("words", in_words(cell));
      cells.push_back(told);
    }
    View told;
    told.set("name", row.name);
    told.set("cells", cells);
    rows.push_back(told);
  }
  view.set("rows", rows);
  return view;
}

View use_view(const char* tensor, const CaseUse& use, const Report& report, const Shown& shown) {
  const std::int64_t id = report.cases[use.record].id;
  View view;
  view.set("tensor", tensor);
  view.set("use", brief(use.use));
  view.set("outside", View(!(use.use <= 1)));
  const auto at = shown.at.find(id);
  view.set("linked", View(at != shown.at.end()));
  view.set("href", at != shown.at.end() ? at->second : "");
  view.set("id", std::to_string(id));
  return view;
}

void fill_overview(View& root, const Report& report, const Shown& shown) {
  ViewList backends;
  for (const BackendSummary& backend : report.backends)
    backends.push_back(backend_view(backend, report, shown));
  root.set("backends", backends);
}

}  // namespace flashdiff::detail
