#include "harness/generation/judge_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace flashdiff::generation {
namespace {

/// An output of the step: of a new column of a row, nothing where the column is no query.
struct Output {
  int row = 0, column = 0;
  int query = -1;         ///< of those that the row was handed
  std::vector<double> o;  ///< zeros without a query, which is what callers fill in
};
Output output_of(const Model& model, const Step& step, int row, int column) {
  const std::vector<int>& queries = step.handed[static_cast<std::size_t>(row)].queries;
  Output out{row, column, -1, std::vector<double>(static_cast<std::size_t>(model.outputs()))};
  const auto found = std::find(queries.begin(), queries.end(), column);
  if (found == queries.end()) return out;
  out.query = static_cast<int>(found - queries.begin());
  for (int head = 0; head < step.o.heads(); ++head)
    std::copy_n(step.o.row(row, head, out.query), step.o.width(), out.o.begin() + head * step.o.width());
  return out;
}

/// Error over budget, and the head where it is largest.
struct Distance {
  double by = 0;
  int head = 0;
};
Distance distance(const std::vector<double>& got, const Truth::Row& want, int width) {
  Distance worst;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(got[i] - want.o[i]);
    const double by = error == 0          ? 0
                      : std::isnan(error) ? std::numeric_limits<double>::infinity()
                                          : error / want.budget[i];
    if (by > worst.by) worst = {by, static_cast<int>(i) / width};
  }
  return worst;
}

std::vector<SeenSlot> picture(const Cache& cache, const HandedRow& handed, const Output& output, int token,
                              int row) {
  std::vector<SeenSlot> slots;
  for (const Slot& slot : cache.rows[static_cast<std::size_t>(row)])
    slots.push_back({slot.holds, slot.position, false, slot.holds.is_token() && slot.holds.index <= token});
  if (output.query < 0) return slots;
  // Causal, aligned to the bottom right: query i of n sees the first keys - n + i + 1.
  const auto seen =
      static_cast<int>(handed.keys.size()) - static_cast<int>(handed.queries.size()) + output.query + 1;
  for (int i = 0; i < seen; ++i)
    slots[static_cast<std::size_t>(handed.keys[static_cast<std::size_t>(i)])].seen = true;
  return slots;
}

std::string slot_in_words(int slot, const SeenSlot& is) {
  return is.holds.is_token() ? fmt::format("slot {}, token {}", slot, is.holds.index)
                             : fmt::format("slot {}, padding", slot);
}

/// What is wrong with the keys that were seen: too many, too few, or at other distances; empty: nothing.
std::string why_of(const Divergence& d, bool has_query) {
  if (!has_query) return "it has no query: its output is zero";
  int extra = 0, missing = 0, first_extra = -1, first_missing = -1, moved = -1;
  for (int i = 0; i < static_cast<int>(d.slots.size()); ++i) {
    const SeenSlot& slot = d.slots[static_cast<std::size_t>(i)];
    if (slot.seen && !slot.wanted && extra++ == 0) first_extra = i;
    if (slot.wanted && !slot.seen && missing++ == 0) first_missing = i;
    const bool other = d.query_position - slot.position != d.token - slot.holds.index;
    if (slot.wanted && slot.seen && other && moved < 0) moved = i;
  }
  const auto at = [&](int slot) { return slot_in_words(slot, d.slots[static_cast<std::size_t>(slot)]); };
  std::string words;
  if (extra > 0)
    words = fmt::format("it sees {} wrong key{} ({})", extra, extra > 1 ? "s" : "", at(first_extra));
  if (missing > 0)
    words += fmt::format("{}{} {} of its own ({})", words.empty() ? "it" : " and", " misses", missing,
                         at(first_missing));
  if (words.empty() && moved >= 0) {
    const SeenSlot& slot = d.slots[static_cast<std::size_t>(moved)];
    words = fmt::format("{} is {} positions away, not {}", at(moved), d.query_position - slot.position,
                        d.token - slot.holds.index);
  }
  return words;
}

int column_of_token(const std::vector<Column>& columns, int token) {
  for (int i = 0; i < static_cast<int>(columns.size()); ++i)
    if (columns[static_cast<std::size_t>(i)].index == token) return i;
  return -1;
}

}  // namespace

void judge_step(const Asked& asked, const Truth& truth, const Columns& columns, const Cache& cache,
                const Step& step, int number, bool reads, Cell& cell) {
  const Model& model = asked.model;
  const int width = model.v.width();
  cell.backend = step.backend;
  if (!cell.first) cell.line = step.line;
  for (int row = 0; row < truth.rows(); ++row) {
    const auto r = static_cast<std::size_t>(row);
    const HandedRow& handed = step.handed[r];
    // `token`: whose output the caller takes this column's for.
    const auto compare = [&](int column, int token, const char* said) {
      Output output = output_of(model, step, row, column);
      const Distance found = distance(output.o, truth.at(row, token, step.attention, step.turned), width);
      ++cell.outputs;
      cell.worst = std::max(cell.worst, found.by);
      if (found.by > 1 && !cell.first) {
        Divergence d;
        d.step = number;
        d.row = row;
        d.head = found.head;
        d.token = token;
        d.by = found.by;
        d.query_position = handed.positions[static_cast<std::size_t>(column)];
        d.slots = picture(cache, handed, output, token, row);
        d.why = said != nullptr ? said : why_of(d, output.query >= 0);
        d.by_caller = !d.why.empty();
        if (!d.by_caller) d.why = "keys and positions are right: the kernels are wrong";
        cell.first = std::move(d);
      }
      return output;
    };
    const int last = static_cast<int>(asked.prompts[r].size()) - 1;
    for (int column = 0; column < static_cast<int>(columns[r].size()); ++column)
      if (columns[r][static_cast<std::size_t>(column)].is_token())
        (void)compare(column, columns[r][static_cast<std::size_t>(column)].index, nullptr);

    const bool in_prompt = cell.stage != Stage::decode;
    const bool last_column = cell.how->reads == Reads::last_column;
    const int width_of_step = static_cast<int>(columns[r].size());
    int reading = column_of_token(columns[r], in_prompt ? last : columns[r].back().index);
    if (in_prompt && last_column) reading = reads ? width_of_step - 1 : -1;
    if (reading < 0) continue;
    const int token = in_prompt ? last : columns[r].back().index;
    const bool is_padding = !columns[r][static_cast<std::size_t>(reading)].is_token();
    const Output output = is_padding ? compare(reading, token, "the column whose logits are read is padding")
                                     : output_of(model, step, row, reading);
    const int got = model.next(output.o).token, wanted = truth.next(row, token).token;
    if (got == wanted || cell.token) continue;
    // Within the budget another token is a tie, which rounding decides.
    if (distance(output.o, truth.at(row, token, step.attention, step.turned), width).by > 1)
      cell.token = OtherToken{number, row, wanted, got};
  }
}

}  // namespace flashdiff::generation
