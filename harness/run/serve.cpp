#include "harness/run/serve.h"

#include <cerrno>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/oracle/judge.h"
#include "harness/run/process.h"
#include "harness/run/verdict_json.h"

namespace flashdiff {
namespace {

using nlohmann::json;

void say(const json& what) {
  const std::string line = what.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = write(detail::Process::answer_fd, line.data() + sent, line.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // the parent is gone, and so the input will end
    sent += static_cast<std::size_t>(n);
  }
}

Examination answer(const std::vector<std::unique_ptr<Backend>>& backends, const std::string& line) {
  const json question = json::parse(line);
  const Outcome<Case> c = parse_case(question.at("case").get<std::string>());
  if (!c) return {verdict::NotExecuted{c.error().what}};
  for (const auto& backend : backends)
    if (backend->name() == question.at("backend")) return examine(*backend, *c);
  return {verdict::NotExecuted{"no such backend in this worker"}};
}

}  // namespace

bool serve(const Outcome<std::vector<std::unique_ptr<Backend>>>& backends) {
  if (!backends) {
    const Error& error = backends.error();
    say({{"error", error.what}, {"kind", static_cast<int>(error.kind)}, {"detail", error.detail}});
    return false;
  }
  say({{"ready", true}});
  for (std::string line; std::getline(std::cin, line);) {
    const Examination examined = answer(*backends, line);
    say({{"verdict", json_of(examined.verdict)},
         {"device_ms", examined.device_ms},
         {"reference_ms", examined.reference_ms}});
  }
  return true;
}

}  // namespace flashdiff
