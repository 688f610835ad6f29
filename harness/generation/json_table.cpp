#include <cmath>

#include <nlohmann/json.hpp>

#include "harness/generation/writers.h"

namespace flashdiff::generation {
namespace {

using Json = nlohmann::ordered_json;

Json slots_of(const Divergence& d) {
  Json slots = Json::array();
  for (const SeenSlot& slot : d.slots)
    slots.push_back({{"token", slot.holds.is_token() ? Json(slot.holds.index) : Json()},
                     {"position", slot.position},
                     {"seen", slot.seen},
                     {"wanted", slot.wanted}});
  return slots;
}

/// JSON has no infinity: a NaN in the output is null, and the words say so.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json cell_of(const Cell& cell) {
  Json one{{"side", name_of(cell.side)},
           {"stage", name_of(cell.stage)},
           {"verdict", !cell.not_run.empty() ? "not-run"
                       : cell.safe()         ? "safe"
                       : cell.token          ? "wrong"
                                             : "differs"},
           {"words", in_words(cell)},
           {"outputs", cell.outputs},
           {"worst_in_budgets", number(cell.worst)},
           {"backend", cell.backend},
           {"case", cell.line}};
  if (cell.first) {
    const Divergence& d = *cell.first;
    one["first"] = {{"step", d.step},     {"row", d.row}, {"head", d.head},      {"token", d.token},
                    {"by", number(d.by)}, {"why", d.why}, {"slots", slots_of(d)}};
  }
  if (cell.token)
    one["next_token"] = {{"step", cell.token->step},
                         {"row", cell.token->row},
                         {"wanted", cell.token->wanted},
                         {"got", cell.token->got}};
  return one;
}

}  // namespace

std::string as_json(const Table& table) {
  Json out{{"format", "flashdiff-generation 1"},
           {"device", table.device},
           {"prompts", table.prompts},
           {"decode_steps", table.settings.steps},
           {"chunk", table.settings.chunk}};
  if (!table.command.empty()) out["command"] = table.command;
  Json& conventions = out["conventions"] = Json::array();
  for (std::size_t at = 0; at < table.cells.size(); ++at) {
    const Cell& cell = table.cells[at];
    if (at == 0 || cell.how != table.cells[at - 1].how)
      conventions.push_back({{"name", cell.how->name},
                             {"who", cell.how->who},
                             {"instead", cell.how->instead},
                             {"cells", Json::array()}});
    conventions.back()["cells"].push_back(cell_of(cell));
  }
  return out.dump(1) + "\n";
}

}  // namespace flashdiff::generation
