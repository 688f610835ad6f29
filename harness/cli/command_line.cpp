#include "harness/cli/command_line.h"

#include <csignal>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/exit_code.h"
#include "harness/cli/version.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

struct Call {
  std::string program = "flashdiff", whole = "flashdiff";
};
Call& call() {
  static Call the_call;
  return the_call;
}

bool plain_word(const std::string& word) {
  return !word.empty() &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%") ==
             std::string::npos;
}

void remember_call(int argc, char** argv) {
  call().program = argc > 0 ? argv[0] : "flashdiff";
  call().whole = call().program;
  for (int i = 1; i < argc; ++i)
    call().whole += ' ' + (plain_word(argv[i]) ? std::string(argv[i]) : shell_quoted(argv[i]));
}

constexpr const char* footer = R"(
Exit codes: 0 all as expected; 1 a kernel is wrong; 2 bad usage or bad input; 3 flashdiff itself failed;
5 nothing ran, or the run is incomplete. Results are on stdout, everything for people on stderr.

Examples:
  flashdiff check --cases 500 --seed 7 --store run.db
  flashdiff report run.db -o site)";

/// CLI11's words, on one line, and where to read more.
int misused(const CLI::App& program, const CLI::ParseError& error) {
  std::string command;
  for (const CLI::App* sub : program.get_subcommands()) command = " " + sub->get_name();
  fmt::print(stderr, "flashdiff{0}: {1} (flashdiff{0} --help tells more)\n", command, one_line(error.what()));
  return bad_usage;
}

bool known(const CLI::App& program, const std::string& word) {
  return !program.get_subcommands([&](const CLI::App* s) { return s->get_name() == word; }).empty();
}

/// "check, repro, ...", without the hidden ones.
std::string commands_of(const CLI::App& program) {
  std::string names;
  for (const CLI::App* sub :
       program.get_subcommands([](const CLI::App* s) { return !s->get_group().empty(); }))
    names += (names.empty() ? "" : ", ") + sub->get_name();
  return names;
}

int parse_and_run(int argc, char** argv) {
  CLI::App program(
      "Tells whether a flash-attention kernel is right on every batch that a caller may hand it.",
      "flashdiff");
  program.set_version_flag("--version", fmt::format("flashdiff {} ({})", version(), commit()));
  program.require_subcommand(1);
  program.footer(footer);
  Chosen chosen;
  add_check(program, chosen);
  add_repro(program, chosen);
  add_power(program, chosen);
  add_properties(program, chosen);
  add_nightly(program, chosen);
  add_counters(program, chosen);
  add_merge(program, chosen);
  add_report(program, chosen);
  add_compare(program, chosen);
  add_backends(program, chosen);
  add_devices(program, chosen);
  add_bench(program, chosen);
  add_generate(program, chosen);
  add_lint(program, chosen);
  add_ptx(program, chosen);
  add_worker(program, chosen);
  if (const std::string word = argc > 1 ? argv[1] : "";
      !word.empty() && word[0] != '-' && !known(program, word))
    return complain({ErrorKind::bad_input,
                     fmt::format("no command '{}', expected one of: {}", word, commands_of(program)),
                     {}});
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return program.exit(success);
  } catch (const CLI::ParseError& error) {
    return misused(program, error);
  }
  return chosen();
}

}  // namespace

const std::string& program_name() { return call().program; }
const std::string& whole_call() { return call().whole; }

int run_command_line(int argc, char** argv) {
  // A worker that died while it was asked is an answer that does not come, not the end of this program; and
  // the same holds for a reader of stdout that goes away.
  std::signal(SIGPIPE, SIG_IGN);
  remember_call(argc, argv);
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "flashdiff: a mistake of flashdiff's own, please report it: {}\n", one_line(e.what()));
  }
  return harness_failed;
}

}  // namespace flashdiff::cli
