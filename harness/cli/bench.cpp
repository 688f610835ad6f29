#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/bench/check_bench.h"
#include "harness/bench/figures_bench.h"
#include "harness/bench/launch_bench.h"
#include "harness/bench/openvino_bench.h"
#include "harness/bench/reference_bench.h"
#include "harness/bench/softcuda_bench.h"
#include "harness/bench/tensor_core_bench.h"
#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/version.h"

namespace flashdiff::cli {
namespace {

struct Options {
  std::string filter, out, device = "auto";
  double min_seconds = 0;
  int repetitions = 0;
  bool list = false;
};

/// Google Benchmark's own flags, since it reads its settings from a command line only.
std::vector<std::string> flags_of(const Options& options) {
  std::vector<std::string> flags{program_name()};
  if (!options.filter.empty()) flags.push_back("--benchmark_filter=" + options.filter);
  if (!options.out.empty()) {
    flags.push_back("--benchmark_out=" + options.out);
    flags.push_back("--benchmark_out_format=json");
  }
  if (options.min_seconds > 0) flags.push_back(fmt::format("--benchmark_min_time={}", options.min_seconds));
  if (options.repetitions > 0)
    flags.push_back(fmt::format("--benchmark_repetitions={}", options.repetitions));
  if (options.list) flags.emplace_back("--benchmark_list_tests=true");
  return flags;
}

int run(const Options& options) {
  if (!options.out.empty()) {  // Google Benchmark exits by itself, with other words and another code
    std::FILE* out = std::fopen(options.out.c_str(), "w");
    if (out == nullptr)
      return complain(
          {ErrorKind::bad_input, options.out + ": cannot be written, expected a file to make", {}});
    std::fclose(out);
  }
  std::vector<std::string> flags = flags_of(options);
  std::vector<char*> words;
  words.reserve(flags.size());
  for (std::string& flag : flags) words.push_back(flag.data());
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data());
  benchmark::AddCustomContext("flashdiff_version", version());
  benchmark::AddCustomContext("flashdiff_commit", commit());
  if (auto there = register_figures(); !there) return complain(there.error());
  if (options.device == "auto") {
    register_reference_benchmarks();
    register_openvino_benchmarks();
    if (auto there = register_softcuda_benchmarks(); !there) return complain(there.error());
    register_tensor_core_benchmarks();
    register_launch_benchmarks();
    register_check_benchmarks();
  }
  const std::size_t ran = benchmark::RunSpecifiedBenchmarks();
  // Nothing matches: Google Benchmark has said so.
  return ran == 0 && !options.list ? incomplete : as_expected;
}

}  // namespace

void add_bench(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "bench", "what kernels execute, counted; how fast reference and software driver are, on this machine");
  command->add_option("--filter", options->filter, "regular expression of the names to run (default: all)");
  command
      ->add_option(
          "--device", options->device,
          "auto: everything that can be measured here; soft: only what the kernels execute, counted by the\n"
          "software driver, the same on every machine. Kernels on a GPU are not timed yet")
      ->check(CLI::IsMember({"auto", "soft"}))
      ->capture_default_str();
  command->add_option("-o,--out", options->out, "Google Benchmark's JSON, to this file as well")
      ->type_name("FILE");
  command->add_option("--min-time", options->min_seconds, "seconds to repeat each for (default: 0.5)")
      ->check(CLI::Range(1e-3, 1e6));
  command
      ->add_option("--repetitions", options->repetitions,
                   "measure each so often; mean, median and spread are added")
      ->check(CLI::Range(1, 1000));
  command->add_flag("--list", options->list, "print the names and stop");
  command->footer(
      "Examples:\n  flashdiff bench --device soft -o figures.json\n  flashdiff bench --filter 'reference/.*' "
      "-o bench.json");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
