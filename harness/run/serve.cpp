#include "harness/run/serve.h"

#include <iostream>
#include <new>

#include <nlohmann/json.hpp>

#include "harness/oracle/judge.h"
#include "harness/run/crossed.h"
#include "harness/run/process.h"
#include "harness/run/verdict_json.h"

namespace flashdiff {
namespace {

using nlohmann::json;

void say(const json& what) {
  // Where it fails the parent is gone, and so the input will end.
  (void)detail::Process::say(what.dump(-1, ' ', false, json::error_handler_t::replace));
}

/// Tries what relations are asked for. Returns what came of them where the case had failed by itself.
Related relate_to(Backend& backend, const Case& c, const json& question, const Relate& relate,
                  Examination& examined) {
  const std::string which = question.value("relations", "none");
  const bool failed = is_failure(examined.verdict);
  if (!relate || which == "none" || !examined.answer) return {};
  if (failed && !question.value("of_failures", false)) return {};
  Related related = relate(backend, c, *examined.answer, which);
  if (failed) return related;
  examined.relations.insert(examined.relations.end(), related.tried.begin(), related.tried.end());
  if (related.failure) examined.verdict = std::move(*related.failure);
  return {};
}

bool is_fault(const std::optional<Verdict>& verdict) {
  return verdict && std::holds_alternative<verdict::Fault>(*verdict);
}

/// {"crossed": text} of crossed.h; nothing where somebody does not answer after all.
json cross(const std::vector<std::unique_ptr<Backend>>& backends, const json& question) {
  std::vector<Backend*> asked;
  for (const json& name : question.at("cross"))
    for (const auto& backend : backends)
      if (backend->name() == name) asked.push_back(backend.get());
  const auto said = parse_case(question.at("case").get<std::string>()).and_then([&](const Case& c) {
    return cross_examine(c, asked);
  });
  return {{"crossed", said ? text_of(without_answers(*said)) : ""}};
}

json answer(const std::vector<std::unique_ptr<Backend>>& backends, const std::string& line,
            const Aside& aside, const Relate& relate) {
  const json question = json::parse(line);
  if (question.contains("cross")) return cross(backends, question);
  const Outcome<Case> c = parse_case(question.at("case").get<std::string>());
  Examination examined{verdict::NotExecuted{c ? "no such backend in this worker" : c.error().what}};
  std::string besides;
  Related beyond;
  for (const auto& backend : backends) {
    if (!c || backend->name() != question.at("backend")) continue;
    examined = examine(*backend, *c);
    beyond = relate_to(*backend, *c, question, relate, examined);
    if (aside && !is_fault(examined.verdict) && !is_fault(beyond.failure)) besides = aside(*backend, *c);
  }
  json told{{"verdict", json_of(examined.verdict)},
            {"device_ms", examined.device_ms},
            {"reference_ms", examined.reference_ms},
            {"relations", examined.relations}};
  if (beyond.failure) told["broken"] = beyond.tried.back();
  if (is_fault(beyond.failure)) told["device_broken"] = true;
  if (aside) told["aside"] = besides;
  return told;
}

}  // namespace

bool serve(const Outcome<std::vector<std::unique_ptr<Backend>>>& backends, const Aside& aside,
           const Relate& relate) {
  if (!backends) {
    const Error& error = backends.error();
    say({{"error", error.what}, {"kind", static_cast<int>(error.kind)}, {"detail", error.detail}});
    return false;
  }
  say({{"ready", true}});
  for (std::string line; std::getline(std::cin, line);) {
    try {
      say(answer(*backends, line, aside, relate));
    } catch (const std::bad_alloc&) {
      // All that the case had is freed again, but what a driver made of a call that was left is not known.
      say({{"verdict", json_of(verdict::Crash{"out of memory: an allocation failed"})},
           {"device_broken", true}});
    }
  }
  return true;
}

}  // namespace flashdiff
