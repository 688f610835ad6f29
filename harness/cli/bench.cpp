#include <fstream>

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/bench/check_bench.h"
#include "harness/bench/figures_bench.h"
#include "harness/bench/judging_bench.h"
#include "harness/bench/kernels_bench.h"
#include "harness/bench/launch_bench.h"
#include "harness/bench/openvino_bench.h"
#include "harness/bench/reference_bench.h"
#include "harness/bench/softcuda_bench.h"
#include "harness/bench/tensor_core_bench.h"
#include "harness/bench/worker_bench.h"
#include "harness/cli/bench_against.h"
#include "harness/cli/bench_context.h"
#include "harness/cli/bench_run.h"
#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/golden_gate.h"
#include "harness/cli/stop.h"
#include "harness/cli/subject.h"
#include "harness/cli/version.h"

namespace flashdiff::cli {
namespace {

/// Google Benchmark's own flags, since it reads its settings from a command line only.
std::vector<std::string> flags_of(const BenchOptions& options) {
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

/// Kernels and cuDNN, timed.
Outcome<void> register_on_gpu(const BenchOptions& options, const Subject& subject) {
  KernelsBench bench;
  bench.backend.images = subject.options.images;
  bench.plan.l2 = options.l2 == "keep" ? timing::L2::keep : timing::L2::flush;
  if (options.min_seconds > 0) bench.plan.seconds = options.min_seconds;
  if (options.repetitions > 0) bench.repetitions = options.repetitions;
  return register_kernel_benchmarks(bench);
}

int run(const BenchOptions& options) {
  if (options.on_gpu() && (options.check_golden || options.update_golden))
    return complain({ErrorKind::bad_input,
                     "--device gpu: golden counters are those that the software driver counts, expected soft",
                     {}});
  if ((options.files.any() || !options.store.empty()) && options.out.empty())
    return complain({ErrorKind::bad_input,
                     "--csv, --markdown, --action, --store: of which file? Expected --out FILE with them",
                     {}});
  if (!options.against.empty()) {
    const Outcome<ExitCode> code = bench_against(options.against, options, stop_on_signals());
    return code ? *code : complain(code.error());
  }
  KeptCounters kept{std::unique_ptr<benchmark::BenchmarkReporter>(benchmark::CreateDefaultDisplayReporter())};
  const Outcome<std::size_t> ran = run_benchmarks(options, kept);
  if (!ran) return complain(ran.error());
  if (options.list) return as_expected;
  if (*ran == 0) return incomplete;  // nothing matches: Google Benchmark has said so
  if (options.files.any())
    if (auto written = write_bench_files(options.out, options.files); !written)
      return complain(written.error());
  if (!options.store.empty()) {
    const auto kept_there =
        Store::open(options.store).and_then([&](Store store) { return keep_benchmarks(options.out, store); });
    if (!kept_there) return complain(kept_there.error());
  }
  const compare::Golden counted{nvcc_version(), kept.counters()};
  const bool all = options.filter.empty() && options.images.empty();
  const std::filesystem::path golden = options.golden.lexically_proximate(std::filesystem::current_path());
  if (options.update_golden) return update_golden(counted, golden, all);
  if (options.check_golden) return held_to_golden(counted, golden, all, terminal_of(options.terminal));
  return as_expected;
}

}  // namespace

Outcome<std::size_t> run_benchmarks(const BenchOptions& options, KeptCounters& kept) {
  if (!options.out.empty()) {  // Google Benchmark exits by itself, with other words and another code
    std::FILE* out = std::fopen(options.out.c_str(), "a");
    if (out == nullptr) return bad_input(options.out + ": cannot be written, expected a file to make");
    std::fclose(out);
  }
  const Outcome<Subject> subject = subject_of({{}, "soft", options.images, {}});
  if (!subject) return tl::unexpected<Error>(subject.error());
  for (const auto& [kernel, image] : subject->options.images)
    if (!std::ifstream(image))
      return bad_input(fmt::format("{}: cannot be read, expected PTX of {}", image, kernel));
  std::vector<std::string> flags = flags_of(options);
  std::vector<char*> words;
  words.reserve(flags.size());
  for (std::string& flag : flags) words.push_back(flag.data());
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data());
  benchmark::AddCustomContext("flashdiff_version", version());
  benchmark::AddCustomContext("flashdiff_commit", commit());
  benchmark::AddCustomContext("nvcc", nvcc_version());
  if (options.times() || options.on_gpu())
    if (auto there = register_on_gpu(options, *subject); !there && options.on_gpu())
      return tl::unexpected<Error>(there.error());
  if (!options.on_gpu())
    if (auto there = register_figures(subject->options.images); !there)
      return tl::unexpected<Error>(there.error());
  if (options.times()) {
    register_reference_benchmarks();
    register_openvino_benchmarks();
    if (auto there = register_softcuda_benchmarks(); !there) return tl::unexpected<Error>(there.error());
    register_tensor_core_benchmarks();
    register_launch_benchmarks();
    register_check_benchmarks();
    register_judging_benchmarks();
    register_worker_benchmarks([&subject](const std::string& kernel) {
      Subject alone = *subject;
      alone.backends = {kernel};
      return worker_command(alone);
    });
  }
  const std::size_t ran = benchmark::RunSpecifiedBenchmarks(&kept);
  if (!options.out.empty() && !options.list && ran > 0)
    if (auto told = add_to_context(options.out); !told) return tl::unexpected<Error>(told.error());
  return ran;
}

void add_bench(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = program.add_subcommand(
      "bench",
      "what kernels execute, counted; how fast they are on a GPU, and reference and software driver here");
  command->add_option("--filter", options->filter, "regular expression of the names to run (default: all)");
  command
      ->add_option(
          "--device", options->device,
          "auto: everything that can be measured here; gpu: only kernels on a GPU, timed by CUDA "
          "events, each\nshape judged first; soft: only what the kernels execute, counted by the "
          "software driver, the same\non every machine (default: auto, and soft with golden counters)")
      ->check(CLI::IsMember({"auto", "gpu", "soft"}));
  command
      ->add_option("--l2", options->l2,
                   "a GPU's L2 cache before each timed launch: flush (overwritten) or keep (as the launch\n"
                   "before left it)")
      ->check(CLI::IsMember({"flush", "keep"}))
      ->capture_default_str();
  command
      ->add_option("--image", options->images,
                   "PTX file whose counters, or times, are told in place of a kernel's own: KERNEL=FILE")
      ->type_name("KERNEL=FILE");
  command->add_option("-o,--out", options->out, "Google Benchmark's JSON, to this file as well")
      ->type_name("FILE");
  command
      ->add_option("--csv", options->files.csv,
                   "tidy CSV beside it: an observation a row, with case and commit")
      ->type_name("FILE")
      ->group("Exports");
  command->add_option("--markdown", options->files.markdown, "tables, for a job summary")
      ->type_name("FILE")
      ->group("Exports");
  command
      ->add_option("--action", options->files.action,
                   "JSON that github-action-benchmark takes as customSmallerIsBetter")
      ->type_name("FILE")
      ->group("Exports");
  command
      ->add_option(
          "--store", options->store,
          "keep the JSON in this store as well: `report` of it, or of several, draws figures over runs")
      ->type_name("FILE")
      ->group("Exports");
  command
      ->add_option("--min-time", options->min_seconds,
                   "seconds to repeat each for (default: 0.5; on a GPU 0.2 a repetition)")
      ->check(CLI::Range(1e-3, 1e6));
  command
      ->add_option("--repetitions", options->repetitions,
                   "measure each so often; mean, median and spread are added (default: 1; on a GPU 5)")
      ->check(CLI::Range(1, 1000));
  CLI::Option* check = command->add_flag("--check-golden", options->check_golden,
                                         "compare what was counted with the golden counters: exit code 4 "
                                         "where any is worse, 5 where there is nothing to\n"
                                         "be held to, as where they are of another nvcc");
  command
      ->add_flag("--update-golden", options->update_golden,
                 "make what was counted the golden counters, of entries that --filter names or of all")
      ->excludes(check);
  command->add_option("--golden", options->golden, "folder of golden counters, a file a kernel")
      ->type_name("DIR")
      ->capture_default_str();
  command
      ->add_option("--against", options->against,
                   "another build of flashdiff: time both in turn, --repetitions rounds (10) of a process "
                   "each, and the other\n"
                   "one twice: FILE, FILE's NAME.base.json and NAME.again.json are for `compare`")
      ->check(CLI::ExistingFile)
      ->type_name("PROGRAM")
      ->excludes(check);
  command->add_flag("--list", options->list, "print the names and stop");
  add_terminal_options(*command, options->terminal);
  command->footer(
      "Exit code 5 where nothing ran: no such name, with --device gpu no GPU.\n\n"
      "Examples:\n  flashdiff bench --device soft -o figures.json\n  flashdiff bench --device gpu -o "
      "gpu.json\n"
      "  flashdiff bench --check-golden --filter flash_forward/d64\n  flashdiff bench --filter "
      "'reference/.*' "
      "-o bench.json");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace flashdiff::cli
