#include "harness/backend/cudnn/ask.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::cudnn {
namespace {

using detail::Process;
using nlohmann::json;

std::chrono::steady_clock::time_point in(double seconds) {
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                std::chrono::duration<double>(seconds));
}

Answer unasked(std::string why) {
  Answer answer;
  answer.why = std::move(why);
  return answer;
}

}  // namespace

std::string version_in_words(int version) {
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

Outcome<Asker> Asker::open(std::vector<std::string> command, double timeout_seconds,
                           double longest_run_seconds) {
  Asker asker(std::move(command), timeout_seconds, longest_run_seconds);
  if (auto started = asker.start(); !started) return tl::unexpected<Error>(std::move(started.error()));
  return asker;
}

Outcome<void> Asker::start() {
  if (process_) return {};
  Outcome<Process> started = Process::start(command_);
  if (!started) return tl::unexpected<Error>(std::move(started.error()));
  std::string line;
  switch (started->answer(line, in(timeout_))) {
    case Process::Heard::late:
      return unsupported(fmt::format("cuDNN's process said nothing within {} s", timeout_));
    case Process::Heard::too_large:  // nobody set it a limit
    case Process::Heard::closed:
      return unsupported(fmt::format("cuDNN's process ended before it said anything: {}", started->end()));
    case Process::Heard::line: break;
  }
  const json hello = json::parse(line, nullptr, false);
  if (hello.is_object() && hello.contains("error")) return unsupported(hello.at("error").get<std::string>());
  if (!hello.is_object() || !hello.contains("version"))
    return harness_error(fmt::format("cuDNN's process began with '{}'", line));
  maker_ = {hello.at("version").get<int>(), hello.value("sm", 0), hello.value("device", "")};
  process_ = std::move(*started);
  return {};
}

tl::expected<std::string, Asker::Ended> Asker::exchange(const std::string& line, double seconds) {
  std::string said;
  Process::Heard heard = Process::Heard::closed;
  if (process_->ask(line)) heard = process_->answer(said, in(seconds));
  if (heard == Process::Heard::line) return said;
  const bool late = heard == Process::Heard::late;
  Ended ended{late, late ? fmt::format("took longer than {} s", seconds) : process_->end()};
  process_.reset();
  return tl::unexpected<Ended>(std::move(ended));
}

Answer Asker::ask(const Graph& graph, Level level, const std::string& plans) {
  const std::string question = json_of(Question{graph, level, plans}).dump();
  if (const auto known = known_.find(question); known != known_.end()) return known->second;
  if (auto there = start(); !there) return unasked(there.error().what);
  const auto line = exchange(question, timeout_);
  if (!line) return known_[question] = unasked("cuDNN's process died of this question: " + line.error().how);
  Outcome<Answer> answer = answer_of_json(json::parse(*line, nullptr, false));
  if (!answer) {
    process_.reset();
    return unasked(answer.error().what);
  }
  return known_[question] = std::move(*answer);
}

Outcome<Ran> Asker::run(const Execution& execution) {
  if (auto there = start(); !there) return tl::unexpected<Error>(std::move(there.error()));
  const auto line = exchange(json_of(execution).dump(), longest_run_);
  if (!line)
    return fail(line.error().late ? ErrorKind::timeout : ErrorKind::crash,
                line.error().how + ": cuDNN's process, while it ran this case");
  Outcome<Ran> ran = ran_of_json(json::parse(*line, nullptr, false));
  // A fault is sticky: the next case gets a fresh process.
  if (!ran && ran.error().kind == ErrorKind::device_fault) process_.reset();
  return ran;
}

}  // namespace flashdiff::cudnn
