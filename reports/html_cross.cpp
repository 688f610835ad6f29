#include <algorithm>

#include "reports/html.h"
#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

View cell_of(const Crossed& crossed, std::size_t row, std::size_t column) {
  View cell;
  cell.set("state", "none");
  cell.set("symbol", row == column ? "·" : "");
  cell.set("words", row == column ? "itself" : "not compared");
  cell.set("use", "");
  for (const Compared& pair : crossed.pairs) {
    if (std::minmax({pair.one, pair.other}) != std::minmax({row, column})) continue;
    cell.set("state", pair.agree() ? "pass" : "fail");
    cell.set("symbol", pair.agree() ? "=" : "≠");
    cell.set("words", pair.agree() ? std::string("agree") : "disagree, worst at " + place_of(pair.worst));
    cell.set("use", brief(pair.use));
  }
  return cell;
}

}  // namespace

void fill_cross(View& card, const Report& report, const std::string& line) {
  const auto found = report.crossed.find(line);
  const Crossed none;
  const Crossed& crossed = found == report.crossed.end() ? none : found->second;
  ViewList witnesses, rows;
  for (std::size_t row = 0; row < crossed.witnesses.size(); ++row) {
    witnesses.push_back(View(crossed.witnesses[row]));
    ViewList cells;
    for (std::size_t column = 0; column < crossed.witnesses.size(); ++column)
      cells.push_back(cell_of(crossed, row, column));
    View view;
    view.set("name", crossed.witnesses[row]);
    view.set("alone", View(std::ranges::find(crossed.alone, row) != crossed.alone.end()));
    view.set("cells", cells);
    rows.push_back(view);
  }
  card.set("has_cross", View(!rows.empty()));
  card.set("cross_words", rows.empty() ? "" : conclusion_of(crossed) + ".");
  card.set("witnesses", witnesses);
  card.set("cross_rows", rows);
}

}  // namespace flashdiff::detail
