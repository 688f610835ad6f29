#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/generate_run.h"
#include "harness/cli/terminal.h"
#include "harness/generation/writers.h"

namespace flashdiff::cli {
namespace {

Outcome<ExitCode> run(const GenerateOptions& options) {
  const Outcome<generation::Table> table = generated(options, terminal_of(options.terminal));
  if (!table) return tl::unexpected<Error>(table.error());
  if (!options.json.empty())
    if (auto written = write_generation(*table, options.json); !written)
      return tl::unexpected<Error>(written.error());
  const Terminal out = terminal_of(options.terminal, isatty(STDOUT_FILENO) != 0);
  fmt::print(
      "{}", options.format == "json" ? generation::as_json(*table) : generation::as_text(*table, out.colour));
  return exit_code_of(*table);
}

}  // namespace

void add_generate(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = program.add_subcommand(
      "generate",
      "which padding side is safe: a small decoder layer generates with a KV cache, as callers hand it on");
  command->add_option("--lengths", options->lengths, "tokens of each prompt")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--steps", options->settings.steps, "decode steps")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--chunk", options->settings.chunk, "columns of a chunk of the prompt")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--padding", options->settings.more, "columns of padding beside the longest prompt")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--heads", options->dims.h_q, "query heads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--kv-heads", options->dims.h_kv, "K/V heads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--head-dim", options->dims.d, "of Q, K and V")
      ->check(CLI::Range(2, 256))
      ->capture_default_str();
  command->add_option("--dtype", options->dtype, "f16 or bf16")
      ->check(CLI::IsMember({"f16", "bf16"}))
      ->capture_default_str();
  command
      ->add_option("--activations", options->activations,
                   "prompts are the texts of this capture instead (properties/data)")
      ->type_name("FILE");
  command->add_option("--seed", options->seed, "of weights and prompts")->capture_default_str();
  command
      ->add_option("--backend", options->backend,
                   "kernels: append_kv, flash_forward, flash_decode; reference")
      ->check(CLI::IsMember({"kernels", "reference"}))
      ->capture_default_str();
  command->add_option("--device", options->device, "auto, gpu, soft")
      ->check(CLI::IsMember({"auto", "gpu", "soft"}))
      ->capture_default_str();
  command->add_option("--soft", options->soft, "how the software driver runs kernels, as for check")
      ->type_name("KEY=VALUE");
  command->add_option("--format", options->format, "of what is printed: text, json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--json", options->json, "write the table here as well, for `report --generation`")
      ->type_name("FILE");
  add_terminal_options(*command, options->terminal);
  command->footer(
      "Each row of the batch alone is the truth. A convention that is not safe is a result, exit code 0; 1 "
      "where a "
      "kernel\nis wrong although keys and positions are right, 5 where a step could not be run.\n\n"
      "Examples:\n  flashdiff generate\n  flashdiff generate --lengths 3,60,17 --steps 12 --format json\n"
      "  flashdiff generate --activations properties/data/minilm_layer0.safetensors");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<ExitCode> code = run(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace flashdiff::cli
