#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/generation/writers.h"

namespace flashdiff::generation {
namespace {

constexpr int kNameWidth = 37, kCellWidth = 9;
constexpr std::size_t kMostSlots = 96;

struct Paint {
  bool on;
  [[nodiscard]] std::string operator()(const char* code, const std::string& text) const {
    return on ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
  }
};

std::string word_of(const Cell& cell) {
  if (!cell.not_run.empty()) return "not run";
  if (cell.safe()) return "safe";
  return cell.token ? "WRONG" : "differs";
}

std::string painted(const Cell& cell, const Paint& paint) {
  const std::string word = fmt::format("{:<{}}", word_of(cell), kCellWidth);
  if (!cell.not_run.empty()) return paint("33", word);
  return paint(cell.safe() ? "32" : "31", word);
}

std::string head(const Table& table) {
  std::string text = fmt::format(
      "Which padding side is safe? Prompts of {} tokens, {} decode steps, chunks of {} columns; {}.\n"
      "Each row of the batch is compared with itself alone: safe within the error budget, differs beyond "
      "it,\n"
      "WRONG where the next token is another one.\n\n",
      fmt::join(table.prompts, ", "), table.settings.steps, table.settings.chunk, table.device);
  text += fmt::format("{:<{}}", "padding", kNameWidth);
  for (const Side side : {Side::left, Side::right, Side::both})
    text += fmt::format("{:<{}}", name_of(side), 3 * kCellWidth + 2);
  text += fmt::format("\n{:<{}}", "convention", kNameWidth);
  for (int side = 0; side < 3; ++side) {
    for (const Stage stage : {Stage::prefill, Stage::chunked, Stage::decode})
      text += fmt::format("{:<{}}", name_of(stage), kCellWidth);
    text += "  ";
  }
  return text + "\n";
}

std::string picture(const Divergence& d) {
  std::string holds, sees;
  const std::size_t shown = std::min(d.slots.size(), kMostSlots);
  for (std::size_t i = 0; i < shown; ++i) {
    const SeenSlot& slot = d.slots[i];
    holds += slot.holds.is_token() ? 't' : '.';
    sees += slot.seen ? (slot.wanted ? '+' : 'x') : (slot.wanted ? '?' : ' ');
  }
  const char* more = d.slots.size() > shown ? " ..." : "";
  return fmt::format("    slots  {}{}\n    sees   {}\n", holds, more, sees);
}

}  // namespace

std::string in_words(const Cell& cell) {
  if (!cell.not_run.empty()) return "not run: " + cell.not_run;
  std::string words;
  if (cell.first) {
    const Divergence& d = *cell.first;
    words = fmt::format("row {}, token {}, head {} in {} {}: {:.3g} times its budget: {}", d.row, d.token,
                        d.head, cell.stage == Stage::chunked ? "chunk" : "step", d.step, d.by, d.why);
  }
  if (cell.token)
    words += fmt::format("{}row {}'s next token is {}, not {}, from step {} on", words.empty() ? "" : "; ",
                         cell.token->row, cell.token->got, cell.token->wanted, cell.token->step);
  return words.empty() ? fmt::format("safe: at most {:.2g} of the budget", cell.worst) : words;
}

std::string as_text(const Table& table, bool colour) {
  const Paint paint{colour};
  std::string text = head(table), details;
  const Convention* before = nullptr;
  for (std::size_t at = 0; at < table.cells.size(); at += 9) {
    const Convention& how = *table.cells[at].how;
    text += fmt::format("{:<{}}", how.name, kNameWidth);
    for (std::size_t i = 0; i < 9; ++i)
      text += painted(table.cells[at + i], paint) + (i % 3 == 2 ? "  " : "");
    text += "\n";
    for (std::size_t i = 0; i < 9; ++i) {
      const Cell& cell = table.cells[at + i];
      if (cell.safe()) continue;
      if (before != &how)
        details +=
            fmt::format("\n{}: {}\n  instead: {}\n", paint("1", std::string(how.name)), how.who, how.instead);
      before = &how;
      details += fmt::format("  {}, {}: {}\n", name_of(cell.side), name_of(cell.stage), in_words(cell));
      if (cell.first) details += picture(*cell.first);
    }
  }
  if (!details.empty())
    text +=
        "\nslots of the row: t a token, . padding; sees: + rightly, x wrongly, ? not, and should\n" + details;
  return text;
}

}  // namespace flashdiff::generation
