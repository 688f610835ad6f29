#include "harness/run/serve.h"

#include <iostream>

#include <nlohmann/json.hpp>

#include "harness/oracle/judge.h"
#include "harness/run/process.h"
#include "harness/run/verdict_json.h"

namespace flashdiff {
namespace {

using nlohmann::json;

void say(const json& what) {
  // Where it fails the parent is gone, and so the input will end.
  (void)detail::Process::say(what.dump(-1, ' ', false, json::error_handler_t::replace));
}

json answer(const std::vector<std::unique_ptr<Backend>>& backends, const std::string& line,
            const Aside& aside) {
  const json question = json::parse(line);
  const Outcome<Case> c = parse_case(question.at("case").get<std::string>());
  Examination examined{verdict::NotExecuted{c ? "no such backend in this worker" : c.error().what}};
  std::string besides;
  for (const auto& backend : backends) {
    if (!c || backend->name() != question.at("backend")) continue;
    examined = examine(*backend, *c);
    if (aside && !std::holds_alternative<verdict::Fault>(examined.verdict)) besides = aside(*backend, *c);
  }
  json told{{"verdict", json_of(examined.verdict)},
            {"device_ms", examined.device_ms},
            {"reference_ms", examined.reference_ms}};
  if (aside) told["aside"] = besides;
  return told;
}

}  // namespace

bool serve(const Outcome<std::vector<std::unique_ptr<Backend>>>& backends, const Aside& aside) {
  if (!backends) {
    const Error& error = backends.error();
    say({{"error", error.what}, {"kind", static_cast<int>(error.kind)}, {"detail", error.detail}});
    return false;
  }
  say({{"ready", true}});
  for (std::string line; std::getline(std::cin, line);) say(answer(*backends, line, aside));
  return true;
}

}  // namespace flashdiff
