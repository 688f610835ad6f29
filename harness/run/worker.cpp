#include "harness/run/worker.h"

#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run/memory.h"
#include "harness/run/verdict_json.h"

namespace flashdiff {
namespace {

using detail::Process;
using nlohmann::json;
constexpr double start_seconds = 120;  // a GPU's context on a loaded machine takes its time

std::chrono::steady_clock::time_point in(double seconds) {
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                std::chrono::duration<double>(seconds));
}

}  // namespace

Outcome<void> Worker::ready() {
  if (process_) return {};
  Outcome<Process> started = Process::start(command_);
  if (!started) return tl::unexpected<Error>(started.error());
  std::string line;
  const Process::Heard heard = started->answer(line, in(start_seconds));
  if (heard != Process::Heard::line)
    return harness_error(fmt::format("a worker said nothing when it started: {}", started->end()));
  const json hello = json::parse(line, nullptr, false);
  if (!hello.is_object()) return harness_error(fmt::format("a worker began with '{}'", line));
  if (hello.contains("error"))
    return fail(static_cast<ErrorKind>(hello.value("kind", static_cast<int>(ErrorKind::harness))),
                hello.value("error", ""), hello.value("detail", ""));
  process_ = std::move(*started);
  kills_before_ = out_of_memory_kills();
  return {};
}

Outcome<Examination> Worker::examine(const std::string& backend, const std::string& line,
                                     const AskedRelations& relations) {
  aside_.clear();
  broken_.clear();
  if (auto there = ready(); !there) return tl::unexpected<Error>(there.error());
  Examination examination;
  const auto start = std::chrono::steady_clock::now();
  std::string answer;
  Process::Heard heard = Process::Heard::closed;
  json question{{"backend", backend}, {"case", line}};
  if (relations.which != "none") {
    question["relations"] = relations.which;
    question["of_failures"] = relations.of_failures;
  }
  if (process_->ask(question.dump())) heard = process_->answer(answer, in(timeout_), most_bytes_);
  if (heard == Process::Heard::late) {
    examination.verdict = verdict::Timeout{timeout_};
    examination.device_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    process_.reset();
    return examination;
  }
  if (heard == Process::Heard::too_large) {
    examination.verdict = verdict::Crash{fmt::format(
        "killed, out of memory: it had more than the {:.3g} GiB that it may have", most_bytes_ * 0x1p-30)};
    process_.reset();
    return examination;
  }
  if (heard == Process::Heard::closed) {
    std::string how = process_->end();
    if (const auto kills = out_of_memory_kills(); kills && kills_before_ && *kills > *kills_before_)
      how += ": out of memory, says its control group";
    examination.verdict = verdict::Crash{std::move(how)};
    process_.reset();
    return examination;
  }
  const json said = json::parse(answer, nullptr, false);
  Outcome<Verdict> verdict =
      said.is_object() ? verdict_of_json(said.value("verdict", json{})) : bad_input("no JSON");
  if (!verdict) {
    process_.reset();
    return harness_error(fmt::format("a worker's answer cannot be read: {}", verdict.error().what));
  }
  examination.verdict = std::move(*verdict);
  examination.device_ms = said.value("device_ms", 0.0);
  examination.reference_ms = said.value("reference_ms", 0.0);
  examination.relations = said.value("relations", std::vector<std::string>{});
  aside_ = said.value("aside", "");
  broken_ = said.value("broken", "");
  // A fault breaks the context that it happened in.
  if (std::holds_alternative<verdict::Fault>(examination.verdict) || said.value("device_broken", false))
    process_.reset();
  return examination;
}

Outcome<std::string> Worker::cross(const std::vector<std::string>& backends, const std::string& line) {
  if (auto there = ready(); !there) return tl::unexpected<Error>(there.error());
  std::string answer;
  const bool heard = process_->ask(json{{"cross", backends}, {"case", line}}.dump()) &&
                     process_->answer(answer, in(timeout_)) == Process::Heard::line;
  const json said = heard ? json::parse(answer, nullptr, false) : json();
  if (said.is_object() && said.contains("crossed")) return said.value("crossed", "");
  process_.reset();
  return std::string();
}

}  // namespace flashdiff
