#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/live_line.h"
#include "harness/cli/subject.h"
#include "harness/cli/terminal.h"
#include "harness/generation/writers.h"
#include "harness/problem/names.h"

namespace flashdiff::cli {
namespace {

struct Options {
  std::vector<int> lengths{12, 37, 5, 24};
  generation::Settings settings;
  generation::Dims dims;
  std::string dtype = "f16", activations, backend = "kernels", device = "auto", format = "text", json;
  std::uint64_t seed = 1;
  std::vector<std::string> soft;
  TerminalWords terminal;
};

/// The backends that answer, open for the whole run.
struct Opened {
  std::vector<std::unique_ptr<Backend>> backends;
  generation::Answerers answerers;
  std::string device;
};

Outcome<Opened> open(const Options& options) {
  const bool kernels = options.backend == "kernels";
  SubjectWords words;
  words.backends = kernels ? std::vector<std::string>{"append_kv", "flash_forward", "flash_decode"}
                           : std::vector<std::string>{"reference"};
  words.device = options.device;
  words.soft = options.soft;
  auto subject = subject_of(words);
  if (!subject) return tl::unexpected<Error>(subject.error());
  subject->options.soft_threads = 0;  // all processors
  Opened opened;
  for (const std::string& name : words.backends) {
    auto backend = open_backend(name, subject->options);
    if (!backend) return tl::unexpected<Error>(backend.error());
    opened.backends.push_back(std::move(*backend));
  }
  const auto devices = devices_of(*subject);
  if (!devices) return tl::unexpected<Error>(devices.error());
  opened.device = fmt::format("{} on {}", fmt::join(words.backends, ", "), devices->begin()->second);
  opened.answerers = {opened.backends.front().get(), opened.backends[kernels ? 1 : 0].get(),
                      opened.backends.back().get()};
  return opened;
}

Outcome<generation::Asked> asked(const Options& options) {
  if (!options.activations.empty()) return generation::captured(options.activations, options.seed);
  generation::Dims dims = options.dims;
  dims.dtype = *named<DType>(options.dtype);
  if (dims.h_q % dims.h_kv != 0)
    return bad_input(fmt::format("--kv-heads {}: expected a divisor of the {} heads", dims.h_kv, dims.h_q));
  return generation::seeded(dims, options.lengths, options.seed);
}

Outcome<void> write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return bad_input(fmt::format("--json {}: cannot be written", path));
  return {};
}

Outcome<ExitCode> run(const Options& options) {
  const auto question = asked(options);
  if (!question) return tl::unexpected<Error>(question.error());
  auto opened = open(options);
  if (!opened) return tl::unexpected<Error>(opened.error());
  generation::Table table;
  {
    LiveLine line(terminal_of(options.terminal));
    table = generation::run_scenario(*question, options.settings, opened->answerers, [&line](double done) {
      line.show(fmt::format("generation: {:.0f} %", 100 * done), done);
    });
  }
  table.device = opened->device;
  if (!options.json.empty())
    if (auto written = write(options.json, generation::as_json(table)); !written)
      return tl::unexpected<Error>(written.error());
  const Terminal out = terminal_of(options.terminal, isatty(STDOUT_FILENO) != 0);
  fmt::print("{}",
             options.format == "json" ? generation::as_json(table) : generation::as_text(table, out.colour));
  if (table.kernels_wrong()) return kernel_wrong;
  return table.complete() ? as_expected : incomplete;
}

}  // namespace

void add_generate(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<Options>();
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
