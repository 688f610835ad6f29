#include "harness/bench/tensor_core_bench.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "harness/bench/measure.h"
#include "harness/softcuda/exec/machine.h"
#include "harness/softcuda/ptx/parser.h"

extern "C" {
extern const char tensor_core_ptx_begin, tensor_core_ptx_end;
}

namespace flashdiff {
namespace {

using detail::Fastest;
using detail::Gemm;
using detail::wall_seconds;
namespace exec = softcuda::exec;

struct LoadShape {
  const char* name;
  const char* kernel;
  int d, n, heads;
  bool causal;
};
constexpr LoadShape kLoadShapes[] = {{"d128_1024", "forward_d128", 128, 1024, 1, false},
                                     {"d64_256_causal_4x4", "forward_d64_causal", 64, 256, 16, true}};
/// A kernel of mma.m16n8k16 and nothing else: 4 blocks of 4 warps, 8 * 256 each.
constexpr LoadShape kMultiplyOnly{"mma", "multiply_only", 64, 256, 1, false};

/// The kernel and its tensors on a machine of its own.
class Load {
 public:
  explicit Load(const LoadShape& shape) : shape_(shape), machine_(std::uint64_t{1} << 28) {
    auto module = softcuda::ptx::parse(
        {&tensor_core_ptx_begin, static_cast<std::size_t>(&tensor_core_ptx_end - &tensor_core_ptx_begin)},
        "tensor_core.ptx");
    if (!module) return;
    auto image = machine_.load(std::move(*module));
    if (!image) return;
    image_ = std::move(*image);
    kernel_ = image_->kernel(shape.kernel);
    const auto elements = static_cast<std::size_t>(shape.heads) * static_cast<std::size_t>(shape.n * shape.d);
    std::vector<std::uint16_t> halves(elements);
    for (std::size_t k = 0; k < elements; ++k)  // f16 numbers from 0.25 to 1, of both signs
      halves[k] =
          static_cast<std::uint16_t>(0x3400 + k * 2654435761u % 0x800 + (k * 40503u >> 7 & 1) * 0x8000);
    for (std::uint64_t& tensor : tensors_) {
      tensor = machine_.memory().allocate(2 * elements).value_or(0);
      (void)machine_.memory().copy_in(tensor, halves.data(), 2 * elements);
    }
  }
  [[nodiscard]] bool run(const exec::Settings& settings) {
    if (kernel_ == nullptr) return false;
    machine_.set(settings);
    std::vector<std::byte> parameters(40);
    const float scale = 1.44269504f / std::sqrt(static_cast<float>(shape_.d));
    std::memcpy(parameters.data(), tensors_, sizeof tensors_);
    std::memcpy(parameters.data() + 32, &shape_.n, 4);
    std::memcpy(parameters.data() + 36, &scale, 4);
    machine_.reset_reports();
    machine_.reset_counters();
    return machine_
               .launch(
                   *kernel_,
                   {static_cast<std::uint32_t>(shape_.n / 64), static_cast<std::uint32_t>(shape_.heads), 1},
                   {128, 1, 1}, static_cast<std::uint32_t>(5 * 64 * shape_.d * 2), parameters)
               .has_value() &&
           machine_.reports().empty();
  }
  [[nodiscard]] double flops() const {
    const double n = shape_.n;
    return 4.0 * shape_.d * shape_.heads * (shape_.causal ? n * (n + 1) / 2 : n * n);
  }
  [[nodiscard]] std::uint64_t warp_instructions() const { return machine_.counters().warp_instructions; }

 private:
  const LoadShape& shape_;
  exec::Machine machine_;
  std::unique_ptr<exec::Image> image_;
  const exec::Kernel* kernel_ = nullptr;
  std::uint64_t tensors_[4] = {};
};

exec::Settings plain() {
  exec::Settings settings;
  settings.threads = 1;
  return settings;
}

/// With memcheck, synccheck and counters, as they always are.
void rate(benchmark::State& state, const LoadShape& shape) {
  Load load(shape);
  Gemm<float> gemm;
  Fastest kernel(detail::process_seconds), product(detail::process_seconds);
  for ([[maybe_unused]] auto _ : state) {
    bool good = false;
    kernel.time([&] { good = load.run(plain()); });
    state.PauseTiming();
    if (!good) return state.SkipWithError("the kernel failed");
    product.time(gemm);
    state.ResumeTiming();
  }
  const double flops = load.flops();
  state.counters["warp_instructions"] = static_cast<double>(load.warp_instructions());
  state.counters["warp_instructions_per_second"] =
      static_cast<double>(load.warp_instructions()) / kernel.seconds();
  state.counters["of_eigen_gemm"] = flops / kernel.seconds() / (Gemm<float>::flops() / product.seconds());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(flops));
}

/// Time with other settings over time without, in turn.
void cost(benchmark::State& state, const LoadShape& shape, const exec::Settings& other) {
  Load load(shape);
  Fastest base(detail::process_seconds), changed(detail::process_seconds);
  for ([[maybe_unused]] auto _ : state) {
    bool good = true;
    changed.time([&] { good = load.run(other); });
    state.PauseTiming();
    base.time([&] { good = load.run(plain()) && good; });
    if (!good) return state.SkipWithError("the kernel failed, or a detector raised a false alarm");
    state.ResumeTiming();
  }
  state.counters["over_plain"] = changed.seconds() / base.seconds();
}

/// Two host threads and one, in turn. `efficiency`: blocks a second by two over twice those by one.
/// `processor_time`: what both threads use together over what one uses; with 1 there, what is missing of
/// `efficiency` went to other programs, or to threads that wait (`cores`: how many were used).
void two_threads(benchmark::State& state, const LoadShape& shape) {
  Load load(shape);
  exec::Settings both = plain();
  both.threads = 2;
  Fastest wall[2]{Fastest(wall_seconds), Fastest(wall_seconds)};
  Fastest processor[2]{Fastest(detail::process_seconds), Fastest(detail::process_seconds)};
  for ([[maybe_unused]] auto _ : state) {
    bool good = true;
    const auto run = [&](int which, const exec::Settings& settings) {
      wall[which].time([&] { processor[which].time([&] { good = load.run(settings) && good; }); });
    };
    run(1, both);
    state.PauseTiming();
    run(0, plain());
    if (!good) return state.SkipWithError("the kernel failed");
    state.ResumeTiming();
  }
  state.counters["efficiency"] = wall[0].seconds() / (2 * wall[1].seconds());
  state.counters["processor_time"] = processor[1].seconds() / processor[0].seconds();
  state.counters["cores"] = processor[1].seconds() / wall[1].seconds();
}

/// Parsing and loading the module, by its own text (with -lineinfo, 13,000 lines). `per_10k_lines`: seconds
/// of processor time, best of all rounds.
void load_time(benchmark::State& state) {
  const std::string_view text(&tensor_core_ptx_begin,
                              static_cast<std::size_t>(&tensor_core_ptx_end - &tensor_core_ptx_begin));
  const auto lines = static_cast<double>(std::ranges::count(text, '\n'));
  Fastest load;
  bool good = true;
  exec::Machine machine(std::uint64_t{1} << 28);
  for (auto _ : state) {
    load.time([&] {
      auto module = softcuda::ptx::parse(text, "tensor_core.ptx");
      good = good && module && machine.load(std::move(*module)).has_value();
    });
  }
  if (!good) return state.SkipWithError("the module does not load");
  state.counters["per_10k_lines"] = load.seconds() * 10'000 / lines;
}

}  // namespace

void register_tensor_core_benchmarks() {
  benchmark::RegisterBenchmark("softcuda/load/10k_lines", load_time)->Unit(benchmark::kMillisecond);
  const auto add = [](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(("softcuda/tensor_core/" + name).c_str(), run)
        ->Unit(benchmark::kMillisecond);
  };
  for (const LoadShape& shape : kLoadShapes)
    add(shape.name, [&shape](benchmark::State& state) { rate(state, shape); });
  const LoadShape& small = kLoadShapes[1];
  benchmark::RegisterBenchmark("softcuda/blocks/2_threads",
                               [&small](benchmark::State& state) { two_threads(state, small); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  const auto with = [&](const std::string& name, auto change) {
    exec::Settings settings = plain();
    change(settings);
    add(std::string(small.name) + "/" + name,
        [&small, settings](benchmark::State& state) { cost(state, small, settings); });
  };
  with("race", [](auto& s) { s.checks.race = true; });
  with("init", [](auto& s) { s.checks.init = true; });
  with("all_checks", [](auto& s) { s.checks = {true, true, true, true, true}; });
  with("late_copies", [](auto& s) { s.modes.late_copies = true; });
  with("exact", [](auto& s) { s.modes.tensor = softcuda::isa::TensorModel::exact; });
  with("truncating_sm80", [](auto& s) { s.modes.tensor = softcuda::isa::TensorModel::truncating_sm80; });
  with("truncating_sm90", [](auto& s) { s.modes.tensor = softcuda::isa::TensorModel::truncating_sm90; });
  for (const auto& [name, model] : {std::pair{"exact", softcuda::isa::TensorModel::exact},
                                    {"truncating_sm80", softcuda::isa::TensorModel::truncating_sm80},
                                    {"truncating_sm90", softcuda::isa::TensorModel::truncating_sm90}}) {
    exec::Settings settings = plain();
    settings.modes.tensor = model;
    add(std::string(kMultiplyOnly.name) + "/" + name,
        [settings](benchmark::State& state) { cost(state, kMultiplyOnly, settings); });
  }
}

}  // namespace flashdiff
