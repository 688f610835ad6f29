#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/softcuda/exec/survey.h"
#include "harness/softcuda/isa/table.h"
#include "harness/softcuda/ptx/parser.h"

namespace flashdiff::cli {
namespace {

struct PtxOptions {
  std::string file;
  bool json = false;
  bool missing_only = false;
};

struct Needs {
  softcuda::ptx::Module module;
  std::vector<softcuda::exec::KernelSurvey> kernels;
  std::vector<softcuda::isa::OpcodeUse> uses;

  [[nodiscard]] bool complete() const {
    return std::ranges::all_of(kernels, [](const auto& k) { return k.missing.empty(); }) &&
           std::ranges::all_of(uses, [](const auto& u) { return u.error.empty(); });
  }
};

Outcome<Needs> read(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed))
    return tl::unexpected(
        Error{ErrorKind::bad_input, fmt::format("{}: a folder, expected a PTX file", path), {}});
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file)
    return tl::unexpected(
        Error{ErrorKind::bad_input, fmt::format("{}: cannot be read, expected a PTX file", path), {}});
  auto module = softcuda::ptx::parse(text.str(), path);
  if (!module) return tl::unexpected(Error{ErrorKind::bad_input, module.error().what, {}});
  Needs needs{std::move(*module), {}, {}};
  needs.kernels = softcuda::exec::survey(needs.module);
  needs.uses = softcuda::isa::supported(needs.module);
  return needs;
}

nlohmann::json as_json(const Needs& needs) {
  nlohmann::json kernels = nlohmann::json::array(), opcodes = nlohmann::json::array();
  for (const auto& k : needs.kernels) {
    kernels.push_back({{"name", k.name},
                       {"instructions", k.instructions},
                       {"parameter_bytes", k.parameter_bytes},
                       {"static_shared_bytes", k.static_shared_bytes},
                       {"local_bytes", k.local_bytes},
                       {"registers", k.registers},
                       {"missing", k.missing}});
  }
  for (const auto& use : needs.uses) {
    opcodes.push_back({{"opcode", use.opcode},
                       {"count", use.count},
                       {"first_line", use.first_line},
                       {"supported", use.error.empty()},
                       {"pattern", use.pattern},
                       {"missing", use.error}});
  }
  return {{"file", needs.module.name},
          {"version", fmt::format("{}.{}", needs.module.version_major, needs.module.version_minor)},
          {"target", needs.module.target},
          {"complete", needs.complete()},
          {"kernels", kernels},
          {"opcodes", opcodes}};
}

void print(const Needs& needs, bool missing_only) {
  int instructions = 0;
  for (const auto& use : needs.uses) instructions += use.count;
  fmt::print("{}: PTX {}.{} for {}, {} kernels, {} instructions, {} different\n", needs.module.name,
             needs.module.version_major, needs.module.version_minor, needs.module.target,
             needs.kernels.size(), instructions, needs.uses.size());
  if (!missing_only) {
    fmt::print("\n{:>12} {:>9} {:>8} {:>8} {:>8}  kernel\n", "instructions", "registers", "shared B",
               "local B", "param B");
    for (const auto& k : needs.kernels) {
      if (k.missing.empty())
        fmt::print("{:12} {:9} {:8} {:8} {:8}  {}\n", k.instructions, k.registers, k.static_shared_bytes,
                   k.local_bytes, k.parameter_bytes, k.name);
      else
        fmt::print("{:12} {:>9} {:>8} {:>8} {:>8}  {}: cannot be executed\n", k.instructions, "-", "-", "-",
                   "-", k.name);
    }
    fmt::print("\n{:>7} {:>6}  instruction\n", "count", "line");
    for (const auto& use : needs.uses)
      fmt::print("{:7} {:6}  {}{}\n", use.count, use.first_line, use.opcode,
                 use.error.empty() ? "" : "  (missing)");
  }
  if (needs.complete()) {
    fmt::print("\nnothing is missing\n");
    return;
  }
  fmt::print("\nmissing:\n");
  for (const auto& k : needs.kernels) {
    for (const std::string& reason : k.missing)
      fmt::print("  {}:{}, in kernel `{}`\n", needs.module.name, reason, k.name);
  }
  for (const auto& use : needs.uses) {
    if (!use.error.empty())
      fmt::print("  {}:{}: {} ({} times)\n", needs.module.name, use.first_line, use.error, use.count);
  }
}

int run(const PtxOptions& options) {
  const auto needs = read(options.file);
  if (!needs) return complain(needs.error());
  if (options.json)
    fmt::print("{}\n", as_json(*needs).dump(2));
  else
    print(*needs, options.missing_only);
  return needs->complete() ? as_expected : kernel_wrong;
}

}  // namespace

void add_ptx(CLI::App& program, Chosen& chosen) {
  CLI::App* command =
      program.add_subcommand("ptx", "what a PTX module needs, and what the software driver lacks of it");
  static PtxOptions options;
  command->add_option("FILE", options.file, "PTX text, as nvcc -ptx or Triton write it")->required();
  command->add_flag("--json", options.json, "the same as JSON");
  command->add_flag("--missing", options.missing_only, "only what is missing");
  command->footer(
      "Nothing is executed. Exit code 0 where nothing is missing, 1 where something is, 2 where the file is "
      "no PTX.\n\n"
      "Example:\n  nvcc -ptx -arch=compute_80 kernel.cu && flashdiff ptx kernel.ptx");
  command->callback([&chosen] { chosen = [] { return run(options); }; });
}

}  // namespace flashdiff::cli
