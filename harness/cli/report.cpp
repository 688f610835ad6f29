#include "reports/report.h"

#include <filesystem>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"

namespace flashdiff::cli {
namespace {

struct Options {
  std::vector<std::filesystem::path> stores, bench, generation;
  std::filesystem::path out = "report";
  std::string title = ReportOptions{}.title;
  TerminalWords terminal;
};

int run(const Options& options) {
  const auto files = write_report(options.stores, options.out,
                                  {options.title, program_name(), options.bench, options.generation});
  if (!files) return complain(files.error());
  const Terminal terminal = terminal_of(options.terminal);
  const std::string word = name_of(files->conclusion);
  const auto paint = files->conclusion == Conclusion::pass   ? &Terminal::green
                     : files->conclusion == Conclusion::fail ? &Terminal::red
                                                             : &Terminal::yellow;
  fmt::print(stderr, "{}: {}\n", (terminal.*paint)(word), files->why);
  fmt::print("{}\n{}\n{}\n", files->html.string(), files->markdown.string(), files->junit.string());
  return as_expected;
}

}  // namespace

void add_report(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("report", "HTML, Markdown and JUnit XML from stores");
  command
      ->add_option("store", options->stores,
                   "files that `flashdiff check --store` or `power --store` wrote; several are told together")
      ->required()
      ->type_name("STORE");
  command->add_option("-o,--out", options->out, "folder to write into, made if it is not there")
      ->type_name("DIR")
      ->capture_default_str();
  command
      ->add_option("--bench", options->bench,
                   "what `flashdiff bench --device soft -o FILE` or `--device gpu` wrote: figures and times "
                   "become a section")
      ->type_name("FILE");
  command
      ->add_option(
          "--generation", options->generation,
          "what `flashdiff generate --json FILE` wrote: which padding side is safe becomes a section")
      ->type_name("FILE");
  command->add_option("--title", options->title, "heading of the page, name of the JUnit suite")
      ->capture_default_str();
  add_terminal_options(*command, options->terminal);
  command->footer(
      "Prints the paths of the files. Exit code 0 whatever the verdict: a report tells, `check` judges.\n\n"
      "Example:\n  flashdiff report run.db -o site --bench figures.json");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
