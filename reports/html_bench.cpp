#include <algorithm>

#include "reports/html.h"

namespace flashdiff::detail {

void fill_bench(View& root, const Report& report) {
  ViewList tables;
  for (const BenchTable& table : report.bench) {
    const bool any_note =
        std::ranges::any_of(table.rows, [](const BenchTable::Row& row) { return !row.note.empty(); });
    ViewList columns, rows;
    for (const std::string& column : table.columns) columns.push_back(View(column));
    for (const BenchTable::Row& row : table.rows) {
      ViewList cells;
      for (const std::string& cell : row.cells) cells.push_back(View(cell));
      View view;
      view.set("name", row.name);
      view.set("off", View(row.off));
      view.set("cells", cells);
      view.set("has_note", View(any_note));
      view.set("note", row.note);
      rows.push_back(view);
    }
    View view;
    view.set("kernel", table.kernel);
    view.set("title", table.title);
    view.set("columns", columns);
    view.set("any_note", View(any_note));
    view.set("rows", rows);
    tables.push_back(view);
  }
  root.set("any_bench", View(!tables.empty()));
  root.set("bench", tables);
}

}  // namespace flashdiff::detail
