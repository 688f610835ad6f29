#include <fmt/format.h>

#include "reports/html.h"

namespace flashdiff::detail {
namespace {

/// The verdict's class in page.css.
const char* verdict_face(const std::string& verdict) {
  if (verdict == "safe") return "pass";
  return verdict == "not-run" ? "none" : "fail";
}

ViewList slots_of(const GenerationCell& cell) {
  ViewList slots;
  for (const GenerationSlot& slot : cell.slots) {
    View view;
    const char* how = slot.seen ? (slot.wanted ? "seen" : "stray") : slot.wanted ? "missed" : "unseen";
    view.set("css", fmt::format("{} {}", slot.token ? "token" : "pad", how));
    view.set("sign", slot.seen ? (slot.wanted ? "+" : "×") : slot.wanted ? "?" : slot.token ? "t" : "·");
    slots.push_back(view);
  }
  return slots;
}

/// "9 slots: 4 padding, seen wrongly 2, missed 1".
std::string slots_in_words(const GenerationCell& cell) {
  int padding = 0, stray = 0, missed = 0;
  for (const GenerationSlot& slot : cell.slots) {
    padding += slot.token ? 0 : 1;
    stray += slot.seen && !slot.wanted ? 1 : 0;
    missed += !slot.seen && slot.wanted ? 1 : 0;
  }
  return fmt::format("{} slots of the row's cache, {} of them padding: {} seen wrongly, {} missed",
                     cell.slots.size(), padding, stray, missed);
}

View unsafe_view(const GenerationCell& cell, const std::string& anchor) {
  View view;
  view.set("anchor", anchor);
  view.set("any_call", View(!cell.call.empty()));
  view.set("call", cell.call);
  view.set("side", cell.side);
  view.set("stage", cell.stage);
  view.set("words", cell.words);
  view.set("any_slots", View(!cell.slots.empty()));
  view.set("slots", slots_of(cell));
  view.set("slots_in_words", slots_in_words(cell));
  return view;
}

}  // namespace

void fill_generation(View& root, const Report& report) {
  ViewList tables;
  for (const GenerationTable& table : report.generation) {
    ViewList sides, stages, rows, unsafe;
    for (const std::string& side : table.sides) {
      View view;
      view.set("name", side);
      view.set("columns", std::to_string(table.stages.size()));
      sides.push_back(view);
      for (const std::string& stage : table.stages) stages.push_back(View(stage));
    }
    for (const GenerationConvention& how : table.conventions) {
      ViewList cells, wrong;
      for (const GenerationCell& cell : how.cells) {
        View view;
        view.set("face", verdict_face(cell.verdict));
        view.set("verdict", cell.verdict);
        view.set("words", cell.words);
        const std::string anchor = fmt::format("unsafe-{}-{}-{}", tables.size(), rows.size(), cells.size());
        const bool safe = cell.verdict == "safe";
        view.set("link", safe ? View(false) : View("#" + anchor));
        cells.push_back(view);
        if (!safe) wrong.push_back(unsafe_view(cell, anchor));
      }
      View row;
      row.set("name", how.name);
      row.set("who", how.who);
      row.set("cells", cells);
      rows.push_back(row);
      if (wrong.empty()) continue;
      View one;
      one.set("name", how.name);
      one.set("who", how.who);
      one.set("instead", how.instead);
      one.set("cells", wrong);
      unsafe.push_back(one);
    }
    View view;
    view.set("what", table.what);
    view.set("any_command", View(!table.command.empty()));
    view.set("command", table.command);
    view.set("sides", sides);
    view.set("stages", stages);
    view.set("rows", rows);
    view.set("unsafe", unsafe);
    tables.push_back(view);
  }
  root.set("any_generation", View(!tables.empty()));
  root.set("generation", tables);
}

}  // namespace flashdiff::detail
