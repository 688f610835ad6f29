#include <csignal>

#include <CLI/CLI.hpp>
#include <sys/prctl.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/subject.h"
#include "harness/run/serve.h"
#include "properties/power/other_rules.h"
#include "properties/relations/relate.h"

// Hidden: what `check`, `repro` and `power` start to examine cases in a process that may die.

namespace flashdiff::cli {
namespace {

struct WorkerOptions {
  SubjectWords subject;
  int threads = 1;
  bool other_rules = false;
};

Outcome<std::vector<std::unique_ptr<Backend>>> opened(const WorkerOptions& options) {
  Outcome<Subject> subject = subject_of(options.subject);
  if (!subject) return tl::unexpected<Error>(subject.error());
  subject->options.soft_threads = options.threads;
  std::vector<std::unique_ptr<Backend>> backends;
  for (const std::string& name : subject->backends) {
    Outcome<std::unique_ptr<Backend>> backend = open_backend(name, subject->options);
    if (!backend) return tl::unexpected<Error>(std::move(backend.error()));
    backends.push_back(std::move(*backend));
  }
  return backends;
}

int run(const WorkerOptions& options) {
  // A parent that is killed takes its workers along, even those in the middle of a long case.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Aside aside = options.other_rules ? power::ask_other_rules : Aside{};
  return serve(opened(options), aside, relations::relate) ? as_expected : harness_failed;
}

}  // namespace

void add_worker(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<WorkerOptions>();
  CLI::App* command = program.add_subcommand("worker", "examines cases that it is asked on standard input");
  command->group("");
  add_subject_options(*command, options->subject);
  command->add_option("--threads", options->threads, "host threads that softcuda may use");
  command->add_flag("--other-rules", options->other_rules, "say what other projects' rules say, too");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
