#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/lint/agreement.h"
#include "harness/lint/catalogue.h"
#include "harness/lint/forms.h"
#include "harness/lint/writers.h"

namespace flashdiff::lint {
namespace {

const char* plural(int count) { return count == 1 ? "" : "s"; }

std::string painted(const std::string& text, const char* code, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

const char* colour_of(Level level) {
  switch (level) {
    case Level::error: return "31;1";
    case Level::warning: return "33;1";
    case Level::note: return "36;1";
  }
  return "0";
}

std::string headline(const Step& step) {
  std::string line = fmt::format("{}: {} row{} of {} columns, {}", step.name, step.batch(),
                                 plural(step.batch()), step.kv_len(), name_of(step.phase));
  if (step.behind_a_cache())
    line += fmt::format(": {} new behind a cache of {}", step.q_len, step.cache_len());
  if (step.free_slots > 0) line += fmt::format(", {} free slots", step.free_slots);
  if (step.phase_assumed) line += " (assumed; --phase train for what reads every token's logits)";
  return line + "\n";
}

std::string table_of_rows(const Step& step, int most) {
  std::string table = fmt::format("  {:>5}  {:<6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  {}\n", "row", "class",
                                  "tokens", "first", "last", "left", "right", "holes", "[:, -1] reads");
  const int shown = std::min(step.batch(), most);
  for (int row = 0; row < shown; ++row) {
    const RowFacts& f = step.rows[static_cast<std::size_t>(row)];
    if (f.empty()) {
      table += fmt::format("  {:>5}  {:<6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  padding\n", row,
                           name_of(f.cls), 0, "-", "-", "-", "-", "-");
      continue;
    }
    const std::string reads = f.right_padding == 0
                                  ? "the last token"
                                  : fmt::format("padding; the next token follows column {}", f.last);
    table += fmt::format("  {:>5}  {:<6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  {}\n", row, name_of(f.cls),
                         f.tokens, f.first, f.last, f.left_padding, f.right_padding, f.holes, reads);
  }
  if (shown < step.batch()) table += fmt::format("  {} more rows (--rows)\n", step.batch() - shown);
  return table;
}

std::string table_of_forms(const Step& step, int page) {
  std::string table = "  handed to a kernel:\n";
  for (const FormVerdict& verdict : verdicts_on(step, page)) {
    std::string form = name_of(verdict.form);
    if (verdict.form == Form::page_table) form += fmt::format(" ({} rows a page)", page);
    table += fmt::format("    {:<27} {:<13} {}", form, name_of(verdict.fit), verdict.why);
    table.erase(table.find_last_not_of(' ') + 1);
    table += '\n';
  }
  return table;
}

/// Lines of at most 110 columns, those behind the first one indented.
std::string wrapped(const std::string& text, const std::string& first, const std::string& next) {
  constexpr std::size_t width = 110;
  std::string lines = first;
  std::size_t column = first.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.size(), text.find(' ', at));
    const bool begins = lines.ends_with(first) || lines.ends_with("\n" + next);
    if (!begins && column + 1 + (end - at) > width) {
      lines += "\n" + next;
      column = next.size();
    } else if (!begins) {
      lines += ' ';
      ++column;
    }
    lines += text.substr(at, end - at);
    column += end - at;
    at = end + 1;
  }
  return lines + "\n";
}

std::string told(const Finding& finding, bool colour) {
  const std::string where = finding.rows.empty() ? "" : in_words(finding.rows) + ": ";
  const std::string level = fmt::format("{}[{}]", name_of(finding.level), finding.rule->code);
  return fmt::format("  {} {}: {}\n", painted(level, colour_of(finding.level), colour), finding.rule->name,
                     finding.rule->title) +
         wrapped(where + finding.message, "    ", "    ") +
         wrapped(finding.rule->advice, "    help: ", "          ");
}

std::string beside(const Report& report, std::size_t i) {
  std::string lines;
  for (const Agreement& one : agreements(report, i))
    lines += fmt::format("  {}: {}\n", one.what,
                         one.agrees() ? one.how : fmt::format("disagree: {}", fmt::join(one.codes, ", ")));
  return lines;
}

/// "2 errors, 0 warnings, 1 note".
template <class Count>
std::string counted(Count count) {
  std::string words;
  for (const Level level : {Level::error, Level::warning, Level::note}) {
    const int number = count(level);
    words += fmt::format("{}{} {}{}", words.empty() ? "" : ", ", number, name_of(level), plural(number));
  }
  return words;
}

std::string verdict_of(const Report& report, std::size_t i) {
  const auto count = [&](Level level) { return report.count(level, i); };
  const bool wrong = count(Level::error) + count(Level::warning) > 0;
  if (!wrong && count(Level::note) == 0) return "  clean\n";
  return fmt::format("  {}: {}\n", wrong ? "wrong" : "nothing wrong", counted(count));
}

std::string summary_of(const Report& report) {
  if (report.findings.empty()) return "clean\n";
  return fmt::format("{}; --explain {} tells more\n",
                     counted([&](Level level) { return report.count(level); }),
                     report.findings.front().rule->code);
}

}  // namespace

std::string as_text(const Report& report, const TextOptions& options) {
  std::string text;
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    const Step& step = report.steps[i];
    if (report.steps.size() > 1) text += fmt::format("step {} of {}, ", i + 1, report.steps.size());
    text += headline(step) + table_of_rows(step, options.rows) + table_of_forms(step, report.settings.page) +
            beside(report, i);
    for (const Finding& finding : report.findings)
      if (finding.step == i) text += told(finding, options.colour);
    if (report.steps.size() > 1) text += verdict_of(report, i);
    text += '\n';
  }
  return text + summary_of(report);
}

std::string explained(const Rule& rule) {
  return fmt::format("{} {} ({}): {}\n\n{}\n\nWhat to do: {}\n", rule.code, rule.name, name_of(rule.level),
                     rule.title, rule.explanation, rule.advice);
}

}  // namespace flashdiff::lint
