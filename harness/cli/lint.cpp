#include "harness/lint/lint.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"
#include "harness/cli/version.h"
#include "harness/lint/catalogue.h"
#include "harness/lint/emit.h"
#include "harness/lint/read_steps.h"
#include "harness/lint/writers.h"

namespace flashdiff::cli {
namespace {

struct LintOptions {
  lint::Input input;
  std::vector<std::string> phases;
  std::vector<std::string> against;
  std::string format = "text", emit, explain;
  std::optional<int> window;
  bool alibi = false;
  int rows = lint::TextOptions{}.rows, page = lint::Settings{}.page;
  std::string colour = "auto";
};

int explained(const std::string& word) {
  if (const lint::Rule* rule = lint::rule_named(word)) {
    fmt::print("{}", lint::explained(*rule));
    return as_expected;
  }
  return complain({ErrorKind::bad_input,
                   fmt::format("--explain {}: no such finding, expected one of {} to {}", word,
                               lint::all_rules().front()->code, lint::all_rules().back()->code),
                   {}});
}

std::string told(const lint::Report& report, const LintOptions& options) {
  if (options.format == "json") return lint::as_json(report);
  if (options.format == "sarif") return lint::as_sarif(report, version());
  const Terminal terminal = terminal_of({options.colour, "none"}, isatty(STDOUT_FILENO) != 0);
  return lint::as_text(report, {options.rows, terminal.colour});
}

int run(LintOptions options) {
  if (!options.explain.empty()) return explained(options.explain);
  for (const std::string& phase : options.phases)
    options.input.words.phase.push_back(*lint::phase_named(phase));
  auto steps = lint::read_steps(options.input);
  if (!steps) return complain(steps.error());
  auto against = lint::read_against(options.against, options.input.array, *steps);
  if (!against) return complain(against.error());
  const lint::Settings settings{options.page, options.window, options.alibi};
  const lint::Report report = lint::lint(std::move(*steps), settings, std::move(*against));
  fmt::print("{}", told(report, options));
  if (!options.emit.empty()) {
    const auto paths = lint::emit(report, options.emit);
    if (!paths) return complain(paths.error());
    fmt::print(stderr, "{} arrays in {}\n", paths->size(), options.emit);
  }
  return report.anything_wrong() ? kernel_wrong : as_expected;
}

void add_sides(CLI::App& command, lint::SideFiles& sides) {
  constexpr const char* group =
      "Beside the masks (FILE or FILE:NAME a step, or a folder; or in the mask's own file by these names)";
  const auto add = [&](const char* option, std::vector<std::string>& files, const char* help) {
    command.add_option(option, files, help)->type_name("FILE")->group(group);
  };
  add("--positions", sides.positions, "position_ids [batch, seq], [batch, q_len], or three axes of them");
  add("--ids", sides.ids, "input_ids [batch, seq], with --image-token");
  add("--spans", sides.spans,
      "image_spans [n, 3] of image and video tokens: row, first column, column behind");
  add("--cache-lengths", sides.cache_lengths,
      "cache_lengths [batch]: keys in the cache, as the kernel is told");
  add("--slots", sides.slots,
      "cache_position [q_len] or [batch, q_len]: columns that new keys are written to");
  command.add_option("--image-token", sides.image_tokens, "ids of image and video tokens")
      ->delimiter(',')
      ->type_name("ID")
      ->group(group);
}

}  // namespace

void add_lint(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<LintOptions>();
  CLI::App* command = program.add_subcommand(
      "lint", "which padding side is safe: what an attention mask is, and what goes wrong with it");
  CLI::Option* masks = command
                           ->add_option("MASK", options->input.masks,
                                        "FILE or FILE:NAME, masks [batch, seq] of 0 and 1: .npy, .npz, "
                                        ".safetensors or text (- is stdin); several, or a "
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
  add_sides(*command, options->input.sides);
  command
      ->add_option("--against", options->against,
                   "another mask of the same batch, a step each: other tokenizer, other padding side")
      ->type_name("FILE");
  command
      ->add_option("--window", options->window,
                   "the model has a sliding window: a query sees itself and N keys before")
      ->check(CLI::Range(0, 1 << 30))
      ->type_name("N");
  command->add_flag("--alibi", options->alibi, "the model adds a bias by distance");
  command->add_option("--page", options->page, "rows a page, for the page table")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--format", options->format, "of what is printed: text, json, sarif")
      ->check(CLI::IsMember({"text", "json", "sarif"}))
      ->capture_default_str();
  command->add_option("--emit", options->emit, "write the arrays of each expressible form here, as .npy")
      ->type_name("DIR");
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
      "  flashdiff lint step0.npz step1.npz step2.npz --emit arrays\n"
      "  flashdiff lint train.npy --phase train --against eval.npy --format sarif > lint.sarif\n"
      "  flashdiff lint --explain FD003");
  command->callback([options, &chosen] {
    if (options->input.masks.empty() && options->explain.empty())
      throw CLI::RequiredError("MASK, or --explain CODE,");
    chosen = [options] { return run(*options); };
  });
}

}  // namespace flashdiff::cli
