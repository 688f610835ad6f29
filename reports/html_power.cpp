#include <algorithm>
#include <cctype>
#include <regex>

#include <fmt/format.h>

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

/// An id of an element: letters, digits and '-' of a name.
std::string anchor_of(const std::string& kind, const std::string& name) {
  std::string anchor = kind + "-";
  for (const char c : name)
    anchor += (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') ? c : '-';
  return anchor;
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

/// "9 of 10" of the rules, or of whatever; "none" where nothing was asked.
std::string of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "none" : fmt::format("{} of {}", grouped(part), grouped(whole));
}

std::string repro_of(const Report& report, const Hunted& one, const std::string& line) {
  return fmt::format("{} repro {} {}", report.options.program, shell_quoted(line), one.options);
}

ViewList rules_of(const Hunted& one) {
  ViewList rules;
  for (const power::RuleCount& count : one.rules) {
    View view;
    view.set("name", count.name);
    view.set("rejected", of(count.rejected, count.asked));
    view.set("killed", count.killed
                           ? fmt::format("by case {}", grouped(static_cast<std::int64_t>(*count.killed + 1)))
                       : count.asked > 0 ? "no"
                                         : "not asked");
    view.set("state", count.killed ? "pass" : "none");
    rules.push_back(view);
  }
  return rules;
}

/// The row of the table, and what is told behind it.
View mutant_view(const Report& report, const Hunted& one) {
  View view;
  view.set("name", one.mutant);
  view.set("anchor", anchor_of("mutant", one.mutant));
  view.set("title", one.title);
  view.set("kernel", one.kernel);
  view.set("evidence", linked(one.evidence));
  view.set("state", one.as_expected() ? (one.unlike.empty() ? "pass" : "pass-weak") : "fail");
  view.set("killer", killer_of(one));
  const std::string notes = notes_of(one);
  view.set("has_notes", View(!notes.empty()));
  view.set("notes", notes);
  const auto asked = static_cast<std::int64_t>(one.cases);
  const auto by = static_cast<std::int64_t>(one.kill ? one.kill->index + 1 : one.cases);
  view.set("cases", grouped(by));
  view.set("time", duration(1000 * (one.kill ? one.kill->seconds : one.seconds)));
  view.set("others", killed_by_others(one));
  view.set("any_others", View(!killed_by_others(one).empty()));
  view.set("hunt",
           fmt::format("{} of seed {} were drawn for it: {} judged, {} failed{}",
                       counted(asked, "case", "cases"), one.seed, grouped(one.judged), grouped(one.failed),
                       one.silent > 0 ? fmt::format(", {} of them without an answer", grouped(one.silent))
                                      : std::string()));
  const std::string line = one.kill ? one.kill->line : "";
  view.set("has_kill", View(!line.empty()));
  view.set("kill_words", fmt::format("Case {} gave it away: {}", grouped(by), killer_of(one)));
  view.set("kill_repro", line.empty() ? "" : repro_of(report, one, line));
  view.set("has_smallest", View(one.smallest.has_value()));
  view.set("explanation", one.smallest ? one.smallest->explanation : "");
  view.set("repro", one.smallest ? repro_of(report, one, one.smallest->line) : "");
  view.set("smallest_words", one.smallest ? "The smallest case, shrunk in " +
                                                counted(one.smallest->executions, "execution", "executions")
                                          : "");
  const ViewList rules = rules_of(one);
  view.set("any_rules", View(!rules.empty()));
  view.set("own_rules", rules);
  return view;
}

ViewList names_of(const std::vector<std::string>& mutants) {
  ViewList names;
  for (const std::string& name : mutants) {
    View view;
    view.set("name", name);
    view.set("anchor", anchor_of("mutant", name));
    names.push_back(view);
  }
  return names;
}

const power::RuleCount* count_of(const std::vector<power::RuleCount>& rules, const std::string& name) {
  const auto found = std::ranges::find(rules, name, &power::RuleCount::name);
  return found == rules.end() || found->asked == 0 ? nullptr : &*found;
}

View rule_view(const Report& report, const Score::Rule& rule) {
  std::vector<std::string> killed, spared;
  for (const Hunted& one : report.hunted)
    if (const auto* count = count_of(one.rules, rule.name);
        count != nullptr && one.ended && one.equivalent.empty())
      (count->killed ? killed : spared).push_back(one.mutant);
  ViewList rejected;
  for (const power::Sound& one : report.sound)
    if (const auto* count = count_of(one.rules, rule.name); count != nullptr && count->rejected > 0) {
      View view;
      view.set("name", one.name);
      view.set("count", of(count->rejected, count->asked));
      rejected.push_back(view);
    }
  View view;
  view.set("name", rule.name);
  view.set("anchor", anchor_of("rule", rule.name));
  view.set("kills", fmt::format("{} of {}", rule.killed, rule.asked));
  view.set("alarms", fmt::format("{} of {}", grouped(rule.alarms), grouped(rule.judged)));
  view.set("sooner", names_of(rule.sooner));
  view.set("only_theirs", names_of(rule.only_theirs));
  view.set("killed", names_of(killed));
  view.set("spared", names_of(spared));
  view.set("rejected", rejected);
  return view;
}

View sound_view(const power::Sound& one) {
  ViewList alarms;
  for (const std::string& alarm : one.alarms) alarms.push_back(View(alarm));
  View view;
  view.set("name", one.name);
  view.set("anchor", anchor_of("sound", one.name));
  view.set("cases", grouped(static_cast<std::int64_t>(one.cases)));
  view.set("judged", grouped(one.judged));
  view.set("alarms", grouped(std::ssize(one.alarms)));
  view.set("any_alarm", View(!one.alarms.empty()));
  view.set("told_alarms", alarms);
  return view;
}

}  // namespace

void fill_power(View& root, const Report& report) {
  ViewList mutants, rules, sound;
  for (const Hunted& one : report.hunted) mutants.push_back(mutant_view(report, one));
  for (const Score::Rule& rule : report.score.rules) rules.push_back(rule_view(report, rule));
  for (const power::Sound& one : report.sound) sound.push_back(sound_view(one));
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
