#include "reports/report.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"
#include "harness/compare/cases.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

struct ReportWords {
  std::vector<fs::path> stores, bench, generation, known;
  fs::path out = "report", base, support;
  bool single_file = false, annotations = false;
  std::string title = ReportOptions{}.title;
  TerminalWords terminal;
};

/// What changed since the base, for reports, which do not know how stores are compared.
Outcome<Changes> changes_since(const fs::path& base, const std::vector<fs::path>& stores) {
  if (stores.size() != 1)
    return bad_input("--base compares one store with another; put several together with `flashdiff merge`");
  const Outcome<Store> before = Store::open_readonly(base);
  if (!before) return tl::unexpected<Error>(before.error());
  const Outcome<Store> now = Store::open_readonly(stores.front());
  if (!now) return tl::unexpected<Error>(now.error());
  return compare::compare_cases(*before, *now).map([&](const compare::CaseChanges& found) {
    Changes changes{base.filename().string(), found.both,      found.as_before,
                    found.only_base,          found.only_next, {}};
    for (const compare::ChangedCase& one : found.changed)
      changes.cases.push_back(
          {name_of(one.change), one.line, one.backend, one.repro_options, one.was, one.is, one.why,
           one.change == compare::Change::new_failure || one.change == compare::Change::lost_pass});
    return changes;
  });
}

bool on_github() {
  const char* actions = std::getenv("GITHUB_ACTIONS");
  return actions != nullptr && std::string(actions) == "true";
}

int run(const ReportWords& options) {
  ReportOptions told{options.title, program_name(), options.bench, options.generation};
  told.known = options.known;
  told.support = options.support;
  told.single_file = options.single_file;
  std::error_code none;
  told.source_root = fs::current_path(none);  // of a checkout, as GitHub names its files
  if (!options.base.empty()) {
    auto changes = changes_since(options.base, options.stores);
    if (!changes) return complain(changes.error());
    told.changes = std::move(*changes);
  }
  const auto files = write_report(options.stores, options.out, told);
  if (!files) return complain(files.error());
  const Terminal terminal = terminal_of(options.terminal);
  const std::string word = name_of(files->conclusion);
  const auto paint = files->conclusion == Conclusion::pass   ? &Terminal::green
                     : files->conclusion == Conclusion::fail ? &Terminal::red
                                                             : &Terminal::yellow;
  fmt::print(stderr, "{}: {}\n", (terminal.*paint)(word), files->why);
  fmt::print("{}\n{}\n{}\n", files->html.string(), files->markdown.string(), files->junit.string());
  if (options.annotations || on_github())
    for (const std::string& line : files->annotations) fmt::print("{}\n", line);
  return as_expected;
}

}  // namespace

void add_report(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<ReportWords>();
  CLI::App* command =
      program.add_subcommand("report", "a site of HTML pages, Markdown and JUnit XML from stores");
  command
      ->add_option("store", options->stores,
                   "files that `flashdiff check --store` or `power --store` wrote; several are told together")
      ->required()
      ->type_name("STORE");
  command->add_option("-o,--out", options->out, "folder to write into, made if it is not there")
      ->type_name("DIR")
      ->capture_default_str();
  command
      ->add_option(
          "--bench", options->bench,
          "what `flashdiff bench --device soft -o FILE` or `--device gpu` wrote: figures and times "
          "become a page\nof charts and tables; of several, in any order, the newest, and lines over runs. "
          "What stores keep\n(`bench --store`, `nightly`) is told without being named")
      ->type_name("FILE");
  command
      ->add_option(
          "--generation", options->generation,
          "what `flashdiff generate --json FILE` wrote: which padding side is safe becomes a section")
      ->type_name("FILE");
  command
      ->add_option("--known", options->known,
                   "what `flashdiff repro --json` wrote: what somebody else's attention does that a caller "
                   "would not\nexpect becomes a page; nothing is counted")
      ->type_name("FILE");
  command
      ->add_option("--support", options->support,
                   "what `flashdiff backends --matrix --json FILE` wrote: what cuDNN supports becomes a page")
      ->type_name("FILE");
  command
      ->add_option("--base", options->base,
                   "a store of before: the overview tells which verdicts changed since (of one STORE)")
      ->type_name("BASE.db");
  command->add_flag("--single-file", options->single_file,
                    "one index.html with everything instead of a site of several pages");
  command->add_flag("--annotations", options->annotations,
                    "also print failures as GitHub's workflow commands (::error file=...), nine and how many "
                    "more; on by itself where GITHUB_ACTIONS is true");
  command->add_option("--title", options->title, "heading of the page, name of the JUnit suite")
      ->capture_default_str();
  add_terminal_options(*command, options->terminal);
  command->footer(
      "Prints the paths of the files. Exit code 0 whatever the verdict: a report tells, `check` judges.\n\n"
      "Example:\n  flashdiff report run.db -o site --bench figures.json --base main.db");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
