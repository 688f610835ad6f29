#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/cli/exit_code.h"
#include "harness/cli/terminal.h"
#include "harness/generation/scenario.h"

namespace flashdiff::cli {

/// `flashdiff generate`, as the user's words.
struct GenerateOptions {
  std::vector<int> lengths{12, 37, 5, 24};
  generation::Settings settings;
  generation::Dims dims;
  std::string dtype = "f16", activations, backend = "kernels", device = "auto", format = "text", json;
  std::uint64_t seed = 1;
  std::vector<std::string> soft;
  TerminalWords terminal;
};

/// Runs the scenario that they ask for; progress on the terminal. Errors: bad_input for heads that do not
/// divide or a capture that is none, no device.
[[nodiscard]] Outcome<generation::Table> generated(const GenerateOptions& options, const Terminal& terminal);

[[nodiscard]] ExitCode exit_code_of(const generation::Table& table);

/// Writes the table as JSON, for `report --generation`. Errors (bad_input): a file that cannot be written.
[[nodiscard]] Outcome<void> write_generation(const generation::Table& table, const std::string& path);

}  // namespace flashdiff::cli
