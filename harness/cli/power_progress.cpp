#include "harness/cli/power_progress.h"

#include <fmt/format.h>

#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::cli {

using power::Hunted;
using power::Score;
using power::Sound;

double PowerProgress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void PowerProgress::on_hunted(const Hunted& hunted) {
  const std::string word = hunted.kill ? "killed" : "SURVIVED";
  std::string text = hunted.as_expected() ? terminal_.green(word) : terminal_.red(word);
  text += ' ' + hunted.mutant;
  if (hunted.kill)
    text += fmt::format(" by case {}, {}: {}", hunted.kill->index + 1, duration(1000 * hunted.kill->seconds),
                        killer_of(hunted));
  else
    text += fmt::format(": {}, {} judged", counted(static_cast<std::int64_t>(hunted.cases), "case", "cases"),
                        hunted.judged);
  if (!hunted.unlike.empty())
    text += terminal_.yellow("; not as its file says: ") + one_line(explained(hunted));
  if (!hunted.alarm.empty()) text += terminal_.red("; the kernel as it is fails the smallest case, too");
  line_.say(text);
}

void PowerProgress::on_sound(const Sound& sound) {
  for (const std::string& alarm : sound.alarms)
    line_.say(fmt::format("{} {} as it is: {}", terminal_.red("FALSE ALARM"), sound.name, one_line(alarm)));
}

void PowerProgress::on_progress(double share, std::uint64_t cases, const std::string& at) {
  if (first_share_ < 0) first_share_ = share;
  const double passed = seconds(), new_share = share - first_share_;
  std::string text = fmt::format("{:.0f} %, {}, {:.1f}/s, {}", 100 * share,
                                 counted(static_cast<std::int64_t>(cases), "case", "cases"),
                                 static_cast<double>(cases) / std::max(passed, 1e-3), at);
  if (new_share > 0.01 && share < 1)
    text += fmt::format(", {} left", duration(1000 * passed * (1 - share) / new_share));
  line_.show(text, share);
}

void PowerProgress::summary(const power::PowerResult& result, const Score& score) {
  line_.clear();
  for (const std::string& why : result.broken)
    line_.say(fmt::format("{} {}", terminal_.red("BROKEN"), one_line(why)));
  const bool all = score.killed == score.planted;
  std::string word =
      all && score.alarms == 0 && result.broken.empty() ? terminal_.green("PASS") : terminal_.red("FAIL");
  if (all && !result.finished) word = terminal_.yellow("INCOMPLETE");
  std::string text = fmt::format("{}: {}", word, words_of(score));
  if (!result.finished) text += "; interrupted";
  line_.say(text + "; " + duration(1000 * seconds()));
}

}  // namespace flashdiff::cli
