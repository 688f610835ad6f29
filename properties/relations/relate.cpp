#include "properties/relations/relate.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "harness/oracle/judge.h"
#include "harness/problem/hashes.h"
#include "properties/relations/changed.h"

namespace flashdiff::relations {
namespace {

std::string prefix_of(const Relation& relation) { return fmt::format("in relation {}: ", relation.name); }

Verdict touched(const Relation& relation, const TouchedReport& report) {
  verdict::PaddingTouched verdict{report.count, {}};
  for (const Touched& one : report.first)
    verdict.where.push_back(fmt::format("{}{}: {}", prefix_of(relation), name_of(one.role), one.where));
  return verdict;
}

/// In the order in which "one" asks them.
std::vector<const Relation*> in_drawn_order(const Case& c) {
  const std::span<const Relation> all = relations();
  std::vector<const Relation*> drawn;
  for (const int i : permutation(static_cast<int>(all.size()), detail::hash_of(c)))
    drawn.push_back(&all[static_cast<std::size_t>(i)]);
  return drawn;
}

std::vector<const Relation*> asked_relations(const Case& c, const std::string& which) {
  if (which == "one") return in_drawn_order(c);
  std::vector<const Relation*> asked;
  for (const Relation& relation : relations())
    if (which == "all" || which == relation.name) asked.push_back(&relation);
  return asked;
}

}  // namespace

const Relation* relation_named(const std::string& name) {
  for (const Relation& relation : relations())
    if (name == relation.name) return &relation;
  return nullptr;
}

Tried try_relation(const Relation& relation, Trial& trial) {
  const auto start = std::chrono::steady_clock::now();
  const Outcome<void> held = relation.hold(trial);
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
  if (!held) {
    Verdict ended = verdict_of(held.error(), waited.count(), prefix_of(relation));
    if (is_failure(ended)) return {{}, std::move(ended)};
    return {held.error().what, {}};  // what could not be asked proves nothing, either way
  }
  if (const Differences& found = trial.found; found.wrong() > 0) {
    const auto& [at, got, want, budget] = found.worst();
    return {{},
            verdict::BrokenRelation{relation.name, relation.says, at, got, want, budget, found.wrong(),
                                    found.total()}};
  }
  if (trial.touched.count > 0) return {{}, touched(relation, trial.touched)};
  return {trial.found.total() == 0 ? "it has nothing to compare" : "", {}};
}

Related relate(Backend& backend, const Case& c, const Answer& own, const std::string& which) {
  const Numerics numerics = backend.numerics(c.problem);
  const Outcome<detail::Found> found = detail::expected_of(c.problem, numerics);
  Related related;
  if (!found) return related;
  for (const Relation* relation : asked_relations(c, which)) {
    if (std::ranges::count(relation->passes, c.problem.pass) == 0 || !relation->why_not(c, numerics).empty())
      continue;
    Trial trial(backend, c, *found->expected, own);
    Tried tried = try_relation(*relation, trial);
    if (!tried.why_not.empty()) continue;
    related.tried.emplace_back(relation->name);
    related.failure = std::move(tried.failure);
    if (related.failure || which == "one") break;
  }
  return related;
}

}  // namespace flashdiff::relations
