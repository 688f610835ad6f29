#include "harness/cli/properties_table.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/oracle/judge.h"
#include "harness/problem/names.h"
#include "harness/score/score.h"
#include "properties/relations/relation.h"
#include "reports/numbers.h"

namespace flashdiff::cli {
namespace {

std::string pass_words(const std::vector<Pass>& passes) {
  std::vector<const char*> names;
  for (const Pass pass : passes) names.push_back(name_of(pass));
  return fmt::format("{}", fmt::join(names, ", "));
}

CountedRelation& counted_under(std::vector<CountedRelation>& relations, const std::string& name) {
  const auto found = std::ranges::find(relations, name, &CountedRelation::name);
  if (found != relations.end()) return *found;
  return relations.emplace_back(CountedRelation{name, "of another version of flashdiff", "", ""});
}

/// Which relation gave a mutant away; empty where it was something else.
std::string first_of(const power::Hunted& hunted) {
  if (!hunted.kill) return {};
  if (hunted.kill->rule == name_of(Verdict(verdict::NotEquivalent{}))) return layouts_relation;
  return hunted.kill->rule == name_of(Verdict(verdict::BrokenRelation{})) ? hunted.kill->part : "";
}

}  // namespace

std::vector<CountedRelation> listed_relations() {
  std::vector<CountedRelation> all{
      {layouts_relation, "the same rows at other addresses, between other padding, give the same bits",
       "forward, backward, append", "a backend that keeps bits; else the budget of both"}};
  for (const relations::Relation& relation : relations::relations())
    all.push_back({relation.name, relation.says, pass_words(relation.passes), relation.needs});
  return all;
}

Outcome<void> count_relations(const Store& store, std::vector<CountedRelation>& relations) {
  const auto count = [&relations](const CaseRecord& record) {
    if (record.shrunk_from) return;
    const std::vector<std::string> tried = relations_of(record);
    for (const std::string& name : tried) ++counted_under(relations, name).tried;
    if (!tried.empty() && is_failure(record.verdict)) ++counted_under(relations, tried.back()).broken;
  };
  if (auto read = store.for_each_case(count); !read) return read;
  const auto kept = store.kept(power::kept_mutants);
  if (!kept) return tl::unexpected<Error>(kept.error());
  for (const auto& [name, text] : *kept) {
    const Outcome<power::Hunted> hunted = power::hunted_of(text);
    if (!hunted) return tl::unexpected<Error>(hunted.error());
    for (const auto& [relation, index] : hunted->relations) ++counted_under(relations, relation).mutants;
    if (const std::string first = first_of(*hunted); !first.empty()) ++counted_under(relations, first).first;
  }
  return {};
}

std::string relations_table(const std::vector<CountedRelation>& relations, bool counted) {
  std::string text;
  if (counted)
    text += fmt::format("{:<22}{:>10}{:>10}{:>8}{:>10}{:>8}\n", "relation", "tried", "held", "broken",
                        "mutants", "first");
  for (const CountedRelation& one : relations) {
    text += counted ? fmt::format("{:<22}{:>10}{:>10}{:>8}{:>10}{:>8}\n", one.name, grouped(one.tried),
                                  grouped(one.tried - one.broken), grouped(one.broken), grouped(one.mutants),
                                  grouped(one.first))
                    : one.name + '\n';
    text += fmt::format("    {}\n", one.says);
    if (!one.passes.empty())
      text += fmt::format("    {}{}{}\n", one.passes, one.needs.empty() ? "" : "; needs ", one.needs);
  }
  return text;
}

nlohmann::json json_of(const std::vector<CountedRelation>& relations) {
  nlohmann::json all = nlohmann::json::array();
  for (const CountedRelation& one : relations)
    all.push_back({{"name", one.name},
                   {"says", one.says},
                   {"passes", one.passes},
                   {"needs", one.needs},
                   {"tried", one.tried},
                   {"held", one.tried - one.broken},
                   {"broken", one.broken},
                   {"mutants", one.mutants},
                   {"first", one.first}});
  return all;
}

}  // namespace flashdiff::cli
