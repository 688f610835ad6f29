#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/subject.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verdict_text.h"
#include "harness/oracle/cross.h"
#include "harness/problem/case.h"
#include "harness/run/verdict_json.h"
#include "harness/run/worker.h"
#include "reports/numbers.h"

namespace flashdiff::cli {
namespace {

struct ReproOptions {
  std::vector<std::string> words;  ///< of the line: quotes are easily forgotten
  SubjectWords subject;
  double timeout_seconds = 600;
  std::string relations = "all";
  bool json = false;
  TerminalWords terminal;
};

void tell(const std::string& backend, const std::string& device, const Examination& examined) {
  fmt::print("{} on {}: {}\n{}", backend, device, name_of(examined.verdict), details_of(examined.verdict));
  if (!examined.relations.empty()) fmt::print("  {:<8} {}\n", "tried", fmt::join(examined.relations, ", "));
  fmt::print("  {:<8} device {}, reference {}\n", "time", duration(examined.device_ms),
             duration(examined.reference_ms));
}

/// As `flashdiff backends` describes it.
std::string description_of(const std::string& backend) {
  const auto& all = backend_registry();
  const auto found = std::ranges::find(all, backend, &BackendEntry::name);
  return found == all.end() ? std::string() : found->description;
}

void tell_json(const std::string& backend, const std::string& device, const std::string& line,
               const Examination& examined) {
  const nlohmann::json told{{"case", line},
                            {"backend", backend},
                            {"about", description_of(backend)},
                            {"device", device},
                            {"verdict", flashdiff::json_of(examined.verdict)},
                            {"device_ms", examined.device_ms},
                            {"reference_ms", examined.reference_ms},
                            {"relations", examined.relations}};
  fmt::print("{}\n", told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

ExitCode code_of(const Verdict& verdict) {
  if (is_failure(verdict)) return kernel_wrong;
  const bool judged = !std::holds_alternative<verdict::Unsupported>(verdict) &&
                      !std::holds_alternative<verdict::NotExecuted>(verdict);
  return judged ? as_expected : incomplete;
}

bool answered(const Verdict& verdict) {
  return std::holds_alternative<verdict::Pass>(verdict) ||
         std::holds_alternative<verdict::PassWeak>(verdict) ||
         std::holds_alternative<verdict::Mismatch>(verdict) ||
         std::holds_alternative<verdict::PaddingTouched>(verdict) ||
         std::holds_alternative<verdict::Bias>(verdict) ||
         std::holds_alternative<verdict::BrokenRelation>(verdict) ||
         std::holds_alternative<verdict::NotEquivalent>(verdict);
}

/// Who of those that answered agrees with whom, the reference among them; nothing where they are fewer than
/// three. They have answered a worker process before, so none of them will take this one down.
Outcome<std::string> cross_examined(const Case& c, const std::vector<std::string>& who,
                                    const BackendOptions& options) {
  std::vector<std::unique_ptr<Backend>> opened;
  std::vector<Backend*> backends;
  for (const std::string& name : who) {
    if (name == "reference") continue;  // it is there anyway
    auto backend = open_backend(name, options);
    if (!backend) return tl::unexpected<Error>(backend.error());
    opened.push_back(std::move(*backend));
    backends.push_back(opened.back().get());
  }
  if (c.problem.pass != Pass::forward || backends.size() < 2) return std::string();
  return cross_examine(c, backends).map([](const CrossExamination& examined) { return explain(examined); });
}

/// Wrong is worse than not judged. Kernels that nobody has named are asked whether they take the case: one
/// that judges it is enough.
ExitCode code_of(const std::vector<ExitCode>& codes, bool named) {
  if (std::ranges::count(codes, kernel_wrong) != 0) return kernel_wrong;
  const auto judged = std::ranges::count(codes, as_expected);
  const auto enough = named ? std::ssize(codes) : 1;
  return judged >= enough ? as_expected : incomplete;
}

Outcome<ExitCode> repro(const ReproOptions& options) {
  const Outcome<Case> c = parse_case(fmt::format("{}", fmt::join(options.words, " ")));
  if (!c) return tl::unexpected<Error>(c.error());
  const std::string line = print(*c);
  const Outcome<Subject> subject = subject_of(options.subject, c->problem.pass);
  if (!subject) return tl::unexpected<Error>(subject.error());
  const auto devices = devices_of(*subject);
  if (!devices) return tl::unexpected<Error>(devices.error());
  Worker worker(worker_command(*subject), options.timeout_seconds);
  std::vector<ExitCode> codes;
  std::vector<std::string> who;
  if (!options.json) fmt::print("{}\n", line);
  for (const std::string& backend : subject->backends) {
    const Outcome<Examination> examined = worker.examine(backend, line, {options.relations, false});
    if (!examined) return tl::unexpected<Error>(examined.error());
    if (options.json)
      tell_json(backend, devices->at(backend), line, *examined);
    else
      tell(backend, devices->at(backend), *examined);
    codes.push_back(code_of(examined->verdict));
    if (answered(examined->verdict)) who.push_back(backend);
  }
  if (!options.json) {
    const Outcome<std::string> cross = cross_examined(*c, who, subject->options);
    if (!cross) return tl::unexpected<Error>(cross.error());
    if (!cross->empty()) fmt::print("who agrees with whom\n{}", *cross);
  }
  return code_of(codes, !options.subject.backends.empty());
}

}  // namespace

void add_repro(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<ReproOptions>();
  CLI::App* command =
      program.add_subcommand("repro", "one case from its line: verdict, worst element, where it is");
  command->add_option("line", options->words, "the case, as `check` and every report print it")
      ->required()
      ->type_name("'fd1 ...'");
  add_subject_options(*command, options->subject);
  command->add_option("--timeout", options->timeout_seconds, "seconds after which it is a timeout")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
  command
      ->add_option(
          "--relations", options->relations,
          "which relations between answers are tried where it passes: all that apply, one as `check` "
          "chooses it, none")
      ->check(CLI::IsMember({"one", "all", "none"}))
      ->capture_default_str();
  command->add_flag("--json", options->json, "one JSON object a backend, with the error map");
  command->footer(
      "Exit code 1 if a kernel is wrong, 5 if a named backend could not judge the case, or nobody "
      "could.\n\nExample:\n"
      "  flashdiff repro 'fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17 kv=70,64 mask=causal_br "
      "data=rising "
      "seed=0x2a'");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = repro(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
