#include "harness/cli/generate_run.h"

#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/command_line.h"
#include "harness/cli/live_line.h"
#include "harness/cli/subject.h"
#include "harness/generation/writers.h"
#include "harness/problem/names.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

/// The backends that answer, open for the whole run.
struct Opened {
  std::vector<std::unique_ptr<Backend>> backends;
  generation::Answerers answerers;
  std::string device;
};

Outcome<Opened> open(const GenerateOptions& options) {
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

Outcome<generation::Asked> asked(const GenerateOptions& options) {
  if (!options.activations.empty()) return generation::captured(options.activations, options.seed);
  generation::Dims dims = options.dims;
  dims.dtype = *named<DType>(options.dtype);
  if (dims.h_q % dims.h_kv != 0)
    return bad_input(fmt::format("--kv-heads {}: expected a divisor of the {} heads", dims.h_kv, dims.h_q));
  return generation::seeded(dims, options.lengths, options.seed);
}

/// The command that makes the same table again, here or elsewhere; how it is told does not matter to it.
std::string command_of(const GenerateOptions& options) {
  std::string words = program_name() + " generate";
  if (options.activations.empty())
    words += fmt::format(" --lengths {} --heads {} --kv-heads {} --head-dim {} --dtype {}",
                         fmt::join(options.lengths, ","), options.dims.h_q, options.dims.h_kv, options.dims.d,
                         options.dtype);
  else
    words += " --activations " + shell_quoted(options.activations);
  words += fmt::format(" --steps {} --chunk {} --padding {} --seed {}", options.settings.steps,
                       options.settings.chunk, options.settings.more, options.seed);
  if (options.backend != "kernels") words += " --backend " + options.backend;
  for (const std::string& how : options.soft) words += " --soft " + shell_quoted(how);
  return words;
}

}  // namespace

Outcome<generation::Table> generated(const GenerateOptions& options, const Terminal& terminal) {
  const auto question = asked(options);
  if (!question) return tl::unexpected<Error>(question.error());
  auto opened = open(options);
  if (!opened) return tl::unexpected<Error>(opened.error());
  LiveLine line(terminal);
  generation::Table table = generation::run_scenario(
      *question, options.settings, opened->answerers,
      [&line](double done) { line.show(fmt::format("generation: {:.0f} %", 100 * done), done); });
  table.device = opened->device;
  table.command = command_of(options);
  return table;
}

ExitCode exit_code_of(const generation::Table& table) {
  if (table.kernels_wrong()) return kernel_wrong;
  return table.complete() ? as_expected : incomplete;
}

Outcome<void> write_generation(const generation::Table& table, const std::string& path) {
  std::ofstream file(path);
  file << generation::as_json(table);
  file.close();
  if (!file) return bad_input(fmt::format("--json {}: cannot be written", path));
  return {};
}

}  // namespace flashdiff::cli
