#include "reports/facts.h"

#include <algorithm>

#include <fmt/format.h>

#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

template <class Value>
Fact fact(const char* name, const std::vector<RunContext>& runs, Value value) {
  Fact told{name, {}};
  for (const RunContext& run : runs) {
    const std::string text = value(run);
    told.values.push_back(text.empty() ? "-" : text);
  }
  return told;
}

}  // namespace

bool Fact::differs() const {
  return std::ranges::any_of(values, [&](const std::string& value) { return value != values.front(); });
}

std::vector<Fact> facts_of(const std::vector<RunContext>& runs) {
  const auto of = [&](const char* name, std::string RunContext::*member) {
    return fact(name, runs, [member](const RunContext& run) { return run.*member; });
  };
  return {of("flashdiff", &RunContext::flashdiff_version),
          of("commit", &RunContext::commit),
          of("host", &RunContext::host),
          of("cpu", &RunContext::cpu),
          of("os", &RunContext::os),
          of("compiler", &RunContext::compiler),
          of("nvcc", &RunContext::nvcc),
          of("device", &RunContext::device),
          of("driver", &RunContext::driver),
          fact("seed", runs, [](const RunContext& run) { return std::to_string(run.seed); }),
          of("started", &RunContext::started_utc),
          of("command", &RunContext::command_line)};
}

std::string joined(const Fact& fact) {
  std::vector<std::string> values;
  for (const std::string& value : fact.values)
    if (std::ranges::find(values, value) == values.end()) values.push_back(value);
  return fmt::format("{}", fmt::join(values, ", "));
}

std::vector<std::string> chips_of(const std::string& line) {
  const auto c = parse_case(line);
  if (!c) return {};
  const Problem& p = c->problem;
  std::vector<std::string> chips{
      name_of(c->layout.padding),
      std::string(name_of(c->layout.order)) + (c->layout.view ? " view" : ""),
      name_of(p.mask.kind),
      name_of(phase_of(p)),
      name_of(p.dtype),
      fmt::format("batch {}", p.batch()),
      fmt::format("heads {}/{}", p.h_q, p.h_kv),
      p.d_qk == p.d_v ? fmt::format("d {}", p.d_qk) : fmt::format("d {}/{}", p.d_qk, p.d_v),
      std::string("data ") + name_of(p.data),
      std::string("poison ") + name_of(c->poison)};
  if (p.softcap) chips.push_back(fmt::format("softcap {}", *p.softcap));
  if (p.alibi) chips.emplace_back("ALiBi");
  if (p.sink) chips.emplace_back("sink");
  return chips;
}

std::string repro_command(const ReportOptions& options, const CaseRecord& record) {
  const std::string line = options.program + " repro " + shell_quoted(one_line(record.line));
  return record.repro_options.empty() ? line : line + ' ' + one_line(record.repro_options);
}

std::string class_of(const std::string& backend, const Outcome<Case>& parsed) {
  if (!parsed) return backend;
  return fmt::format("{}.{}.{}", backend, name_of(phase_of(parsed->problem)), name_of(parsed->problem.dtype));
}

std::string failing_share(const Tally& tally) {
  return fmt::format("{} of {} fail", grouped(tally.failed), grouped(tally.judged()));
}

}  // namespace flashdiff
