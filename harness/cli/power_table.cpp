#include "harness/cli/power_table.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "properties/power/other_rules.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

using nlohmann::json;
using power::Hunted;
using power::Score;

/// "ones-in-v by case 3, split-keys by case 17".
std::string words_of(const std::map<std::string, std::uint64_t>& relations) {
  std::string words;
  for (const auto& [name, index] : relations)
    words += fmt::format("{}{} by case {}", words.empty() ? "" : ", ", name, index + 1);
  return words;
}

std::string mutants_table(const std::vector<Hunted>& all) {
  std::size_t names = 6, kernels = 6, killers = 9;
  for (const Hunted& one : all) {
    names = std::max(names, one.mutant.size());
    kernels = std::max(kernels, one.kernel.size());
    killers = std::max(killers, killer_of(one).size());
  }
  const auto row = [&](const auto& name, const auto& kernel, const auto& killer, const auto& cases,
                       const auto& seconds, const auto& others) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}  {:>5}  {:>6}  {}\n", name, names, kernel, kernels, killer,
                       killers, cases, seconds, others);
  };
  std::string text = row("mutant", "kernel", "killed by", "cases", "s", "other rules that kill it");
  for (const Hunted& one : all) {
    text += row(one.mutant, one.kernel, killer_of(one),
                std::to_string(one.kill ? one.kill->index + 1 : one.cases),
                fmt::format("{:.2f}", one.kill ? one.kill->seconds : one.seconds), killed_by_others(one));
    text += fmt::format("    {}\n", one.evidence);
    if (one.smallest)
      text +=
          fmt::format("    {} repro {} {}\n", program_name(), shell_quoted(one.smallest->line), one.options);
    if (!one.relations.empty())
      text += fmt::format("    relations that it breaks: {}\n", words_of(one.relations));
    if (!one.unlike.empty()) text += fmt::format("    not as its file says: {}\n", explained(one));
    if (!one.alarm.empty())
      text += fmt::format("    the kernel as it is fails there, too: {}\n", one_line(one.alarm));
    if (!one.kill && !one.equivalent.empty()) text += fmt::format("    {}\n", one.equivalent);
  }
  return text;
}

std::string rules_table(const Score& score) {
  std::string text =
      fmt::format("{:<24}{:>14}  {}\n", "rule of others", "kills", "rejects the kernels as they are");
  for (const Score::Rule& rule : score.rules)
    text += fmt::format(
        "{:<24}{:>14}  {} of {} answers{}{}\n", rule.name, fmt::format("{} of {}", rule.killed, rule.asked),
        grouped(rule.alarms), grouped(rule.judged),
        rule.only_theirs.empty()
            ? ""
            : fmt::format("; kills what ours does not: {}", fmt::join(rule.only_theirs, ", ")),
        rule.sooner.empty() ? "" : fmt::format("; kills sooner: {}", fmt::join(rule.sooner, ", ")));
  return text;
}

}  // namespace

std::string power_table(const power::PowerResult& result, const Score& score) {
  std::string text = mutants_table(result.hunted);
  if (!score.rules.empty()) text += '\n' + rules_table(score);
  if (!result.sound.empty()) text += '\n';
  for (const power::Sound& sound : result.sound) {
    text +=
        fmt::format("{} as it is: {} of {} cases judged, {}\n", sound.name, grouped(sound.judged),
                    grouped(static_cast<std::int64_t>(sound.cases)),
                    counted(static_cast<std::int64_t>(sound.alarms.size()), "false alarm", "false alarms"));
    for (const std::string& alarm : sound.alarms) text += fmt::format("    {}\n", one_line(alarm));
  }
  return text;
}

json power_json(const power::PowerResult& result, const Score& score, const RunContext& context) {
  json rules = json::array(), mutants = json::array(), kernels = json::array();
  for (const Score::Rule& rule : score.rules) {
    const auto known = std::ranges::find(power::other_rules(), rule.name, &power::OtherRule::name);
    rules.push_back({{"name", rule.name},
                     {"statement", known == power::other_rules().end() ? "" : known->statement},
                     {"asked", rule.asked},
                     {"killed", rule.killed},
                     {"judged", rule.judged},
                     {"false_alarms", rule.alarms},
                     {"only_theirs", rule.only_theirs},
                     {"sooner", rule.sooner}});
  }
  for (const Hunted& one : result.hunted) mutants.push_back(json_of(one));
  for (const power::Sound& one : result.sound) kernels.push_back(json_of(one));
  return {{"context",
           {{"flashdiff", context.flashdiff_version},
            {"commit", context.commit},
            {"host", context.host},
            {"cpu", context.cpu},
            {"nvcc", context.nvcc},
            {"command", context.command_line},
            {"started", context.started_utc},
            {"seed", context.seed}}},
          {"score",
           {{"planted", score.planted},
            {"killed", score.killed},
            {"equivalent", score.equivalent},
            {"not_as_told", score.unlike},
            {"median_cases", score.median_cases},
            {"most_cases", score.most_cases},
            {"false_alarms", score.alarms},
            {"judged", score.judged}}},
          {"rules", rules},
          {"mutants", mutants},
          {"kernels", kernels},
          {"broken", result.broken},
          {"examined", result.examined},
          {"finished", result.finished}};
}

std::string smallest_cases(const power::PowerResult& result) {
  std::vector<std::string> lines;  // in the order of the mutants
  std::map<std::string, std::vector<std::string>> shows;
  for (const power::Hunted& one : result.hunted) {
    if (!one.smallest) continue;
    auto& titles = shows[one.smallest->line];
    if (titles.empty()) lines.push_back(one.smallest->line);
    titles.push_back(fmt::format("{}: {}", one.kernel, one.title));
  }
  std::string text =
      "# Failures of the past: what random cases shrank to that found a planted bug, each a bug that a real "
      "kernel had.\n"
      "# Written by `flashdiff power --corpus`.\n";
  for (const std::string& line : lines)
    text += fmt::format("\n# {}\n{}\n", fmt::join(shows.at(line), "\n# "), line);
  return text;
}

}  // namespace flashdiff::cli
