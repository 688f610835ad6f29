#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/html.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::detail {
namespace {

using power::Hunted;
using power::Score;

View piece(const std::string& text, const std::string& link) {
  View view;
  view.set("text", text);
  view.set("link", link.empty() ? View(false) : View(link));
  return view;
}

/// "owner/repository#12" becomes a link; GitHub leads the number of a pull request on from /issues/.
ViewList linked(const std::string& evidence) {
  static const std::regex thread(R"(([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#([0-9]+))");
  ViewList pieces;
  auto end = evidence.cbegin();
  for (std::sregex_iterator at(evidence.begin(), evidence.end(), thread), none; at != none; ++at) {
    pieces.push_back(piece(std::string(end, (*at)[0].first), ""));
    pieces.push_back(
        piece(at->str(), fmt::format("https://github.com/{}/issues/{}", at->str(1), at->str(2))));
    end = (*at)[0].second;
  }
  pieces.push_back(piece(std::string(end, evidence.cend()), ""));
  return pieces;
}

std::string notes_of(const Hunted& one) {
  std::string notes;
  if (!one.kill && !one.equivalent.empty()) notes = one.equivalent;
  if (!one.unlike.empty()) notes = "not as its file says: " + explained(one);
  if (!one.alarm.empty())
    notes += fmt::format("{}the kernel as it is fails the smallest case, too", notes.empty() ? "" : "; ");
  return notes;
}

View mutant_view(const Report& report, const Hunted& one) {
  View view;
  view.set("name", one.mutant);
  view.set("title", one.title);
  view.set("kernel", one.kernel);
  view.set("evidence", linked(one.evidence));
  view.set("state", one.as_expected() ? (one.unlike.empty() ? "pass" : "pass-weak") : "fail");
  view.set("killer", killer_of(one));
  const std::string notes = notes_of(one);
  view.set("has_notes", View(!notes.empty()));
  view.set("notes", notes);
  view.set("has_smallest", View(one.smallest.has_value()));
  view.set("explanation", one.smallest ? one.smallest->explanation : "");
  view.set("repro", one.smallest ? fmt::format("{} repro {} {}", report.options.program,
                                               shell_quoted(one.smallest->line), one.options)
                                 : "");
  view.set("cases", grouped(static_cast<std::int64_t>(one.kill ? one.kill->index + 1 : one.cases)));
  view.set("time", duration(1000 * (one.kill ? one.kill->seconds : one.seconds)));
  view.set("others", killed_by_others(one));
  return view;
}

View rule_view(const Score::Rule& rule) {
  View view;
  view.set("name", rule.name);
  view.set("kills", fmt::format("{} of {}", rule.killed, rule.asked));
  view.set("alarms", fmt::format("{} of {}", grouped(rule.alarms), grouped(rule.judged)));
  view.set("sooner", rule.sooner.empty() ? "none" : fmt::format("{}", fmt::join(rule.sooner, ", ")));
  view.set("only_theirs",
           rule.only_theirs.empty() ? "none" : fmt::format("{}", fmt::join(rule.only_theirs, ", ")));
  return view;
}

}  // namespace

void fill_power(View& root, const Report& report) {
  ViewList mutants, rules, sound;
  for (const Hunted& one : report.hunted) mutants.push_back(mutant_view(report, one));
  for (const Score::Rule& rule : report.score.rules) rules.push_back(rule_view(rule));
  for (const power::Sound& one : report.sound) {
    View view;
    view.set("name", one.name);
    view.set("cases", grouped(static_cast<std::int64_t>(one.cases)));
    view.set("judged", grouped(one.judged));
    view.set("alarms", grouped(static_cast<std::int64_t>(one.alarms.size())));
    sound.push_back(view);
  }
  root.set("any_power", View(!mutants.empty()));
  root.set("power_words", words_of(report.score));
  root.set("mutants", mutants);
  root.set("any_rule", View(!rules.empty()));
  root.set("rules", rules);
  root.set("any_sound", View(!sound.empty()));
  root.set("sound_words", fmt::format("The kernels as they are, on the same cases: {} in {}",
                                      counted(report.score.alarms, "false alarm", "false alarms"),
                                      counted(report.score.judged, "case", "cases")));
  root.set("sound", sound);
}

}  // namespace flashdiff::detail
