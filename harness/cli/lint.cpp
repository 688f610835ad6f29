#include "harness/lint/lint.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"
#include "harness/lint/catalogue.h"
#include "harness/lint/read_steps.h"
#include "harness/lint/writers.h"

namespace flashdiff::cli {
namespace {

struct Options {
  lint::Input input;
  std::vector<std::string> phases;
  std::string format = "text", explain;
  int rows = lint::TextOptions{}.rows, page = lint::Settings{}.page;
  std::string colour = "auto";
};

int explain(const std::string& word) {
  if (const lint::Rule* rule = lint::rule_named(word)) {
    fmt::print("{}", lint::explained(*rule));
    return as_expected;
  }
  return complain({ErrorKind::bad_input,
                   fmt::format("--explain {}: no such finding, expected one of {} to {}", word,
                               lint::all_rules().front()->code, lint::all_rules().back()->code),
                   {}});
}

int run(Options options) {
  if (!options.explain.empty()) return explain(options.explain);
  for (const std::string& phase : options.phases)
    options.input.words.phase.push_back(*lint::phase_named(phase));
  auto steps = lint::read_steps(options.input);
  if (!steps) return complain(steps.error());
  const lint::Report report = lint::lint(std::move(*steps), {options.page});
  const Terminal terminal = terminal_of({options.colour, "none"}, isatty(STDOUT_FILENO) != 0);
  fmt::print("{}", lint::as_text(report, {options.rows, terminal.colour}));
  return report.anything_wrong() ? kernel_wrong : as_expected;
}

}  // namespace

void add_lint(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "lint", "which padding side is safe: what an attention mask is, and what goes wrong with it");
  CLI::Option* masks =
      command
          ->add_option(
              "MASK", options->input.masks,
              "masks [batch, seq] of 0 and 1: .npy, .npz, .safetensors or text (- is stdin); several, or a "
              "folder of them, are the steps of one batch")
          ->type_name("FILE");
  command->add_option("--array", options->input.array, "the mask's name in .npz and .safetensors")
      ->default_str("attention_mask, or the only one")
      ->type_name("NAME");
  command
      ->add_option("--phase", options->phases,
                   "train (also an evaluation that reads every token's logits), prefill, chunked or decode; "
                   "one, or one "
                   "a step; not given: by the lengths")
      ->delimiter(',')
      ->check(CLI::IsMember({"train", "prefill", "chunked", "decode"}));
  command->add_option("--q-len", options->input.words.q_len, "new tokens, in columns; one, or one a step")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 22))
      ->type_name("N");
  command
      ->add_option(
          "--cache-len", options->input.words.cache_len,
          "columns in front of the new tokens; what is left behind both is free slots of a static cache")
      ->delimiter(',')
      ->check(CLI::Range(0, 1 << 22))
      ->type_name("N");
  command->add_option("--page", options->page, "rows a page, for the page table")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--rows", options->rows, "so many rows of a table")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  command->add_option("--color", options->colour, "when to colour: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command->add_option("--explain", options->explain, "tell all about a finding, by code or name")
      ->type_name("FD003");
  masks->required(false);
  command->footer(
      "Exit code 0 where the masks are clean or there are notes alone, 1 where something is wrong, 2 for "
      "input that "
      "cannot be used.\n\n"
      "Examples:\n"
      "  python -c \"import numpy; numpy.save('mask.npy', batch['attention_mask'].cpu().numpy())\"\n"
      "  flashdiff lint mask.npy\n"
      "  flashdiff lint mask.npy --phase train\n"
      "  echo '11001' | flashdiff lint - --phase decode\n"
      "  flashdiff lint step0.npz step1.npz step2.npz\n"
      "  flashdiff lint --explain FD003");
  command->callback([options, &chosen] {
    if (options->input.masks.empty() && options->explain.empty())
      throw CLI::RequiredError("MASK, or --explain CODE,");
    chosen = [options] { return run(*options); };
  });
}

}  // namespace flashdiff::cli
