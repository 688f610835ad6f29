#include "harness/cli/check_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/oracle/in_words.h"
#include "properties/pairs.h"
#include "reports/facts.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::cli {

CheckProgress::CheckProgress(const Terminal& terminal, const CheckOptions& options, const Cases& cases,
                             std::size_t backends)
    : options_(options),
      terminal_(terminal),
      line_(terminal),
      planned_(cases.count ? static_cast<double>(*cases.executed() * backends) : 0) {}

double CheckProgress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

double CheckProgress::done() const {
  double done = 0;
  if (planned_ > 0) done = static_cast<double>(tally_.cases()) / planned_;
  if (options_.seconds > 0) done = std::max(done, seconds() / options_.seconds);
  return std::min(done, 1.0);
}

void CheckProgress::show() {
  const double share = done(), passed = seconds();
  std::string text = planned_ > 0 ? fmt::format("{} of {:.0f} cases", tally_.cases(), planned_)
                                  : fmt::format("{} cases", tally_.cases());
  text += fmt::format(", {:.1f}/s, {} failed",
                      static_cast<double>(tally_.cases() - had_) / std::max(passed, 1e-3), tally_.failed);
  const double before = planned_ > 0 ? static_cast<double>(had_) / planned_ : 0;
  if (share - before > 0.01 && share < 1)
    text += fmt::format(", {} left", duration(1000 * passed * (1 - share) / (share - before)));
  line_.show(text, share);
}

void CheckProgress::tell_failure(const CaseRecord& record) {
  if (tally_.failed > most_told) {
    if (tally_.failed == most_told + 1)
      line_.say("further failures are counted here, and told by the report");
    return;
  }
  line_.say(fmt::format("{} case {}, {}: {}", terminal_.red("FAIL"), record.index, record.backend,
                        name_of(record.verdict)));
  line_.say("     " + terminal_.dim(record.line));
}

void CheckProgress::tell_shrunk(const CaseRecord& record) {
  line_.say(fmt::format("{} case {}, {}, made smaller in {}: {}", terminal_.red("FAIL"), record.index,
                        record.backend, counted(record.shrink_steps, "step", "steps"),
                        one_line(explain(record.verdict))));
  line_.say("     " + repro_command({{}, program_name()}, record));
}

void CheckProgress::count(const CaseRecord& record) {
  if (record.shrunk_from) {
    smallest_[*record.shrunk_from] = record.line;
    return;
  }
  tally_.add(record.verdict);
  for (const std::string& label : record.labels) ++labels_[label];
  if (options_.classify)
    for (const std::string& pair : pairs_of(record.labels)) ++pairs_[pair];
  if (const auto use = use_of(record.verdict)) keep_most(worst_, *use);
}

void CheckProgress::had(const CaseRecord& record) {
  count(record);
  had_ = tally_.cases();
}

void CheckProgress::on_case(const CaseRecord& record) {
  count(record);
  if (record.shrunk_from) {
    tell_shrunk(record);
    return;
  }
  if (is_failure(record.verdict)) tell_failure(record);
  show();
}

void CheckProgress::on_left_out(const CaseRecord& record) {
  line_.say(
      fmt::format("{} {}: {}", terminal_.red("LEFT OUT"), record.backend, one_line(explain(record.verdict))));
}

void CheckProgress::on_shrinking(const CaseRecord& failure) {
  smallest_[failure.id] = failure.line;
  line_.show(fmt::format("making case {} smaller", failure.index), done());
}

void CheckProgress::summary(bool finished) {
  line_.clear();
  const double time = seconds();
  const std::int64_t judged = tally_.judged();
  std::string word = terminal_.green("PASS");
  if (tally_.failed > 0)
    word = terminal_.red("FAIL");
  else if (!finished || judged == 0 || tally_.not_executed > 0)
    word = terminal_.yellow("INCOMPLETE");
  std::string text =
      fmt::format("{}: {} judged, {} failed", word, counted(judged, "case", "cases"), tally_.failed);
  if (tally_.weak > 0) text += fmt::format(", {} passed weakly", tally_.weak);
  if (tally_.unsupported > 0) text += fmt::format(", {} unsupported", tally_.unsupported);
  if (tally_.not_executed > 0) text += fmt::format(", {} not executed", tally_.not_executed);
  if (!finished) text += ", interrupted";
  text += fmt::format("; {}, {:.1f} cases/s", duration(1000 * time),
                      static_cast<double>(tally_.cases() - had_) / std::max(time, 1e-3));
  if (had_ > 0) text += fmt::format(", {} of them before", counted(had_, "case", "cases"));
  line_.say(text);
  if (judged > 0 && tally_.failed == 0)
    line_.say(fmt::format("most of a budget that was used: {} (1 is the limit)", in_words(worst_)));
}

std::vector<std::string> CheckProgress::smallest_failures() const {
  std::vector<std::string> lines;
  for (const auto& [id, line] : smallest_)
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  return lines;
}

}  // namespace flashdiff::cli
