#include "harness/bench/kernels_bench.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/figures/roofline.h"
#include "harness/figures/tile_work.h"
#include "harness/oracle/judge.h"
#include "harness/timing/sensors.h"
#include "harness/timing/timeable.h"
#include "kernels/kernel.h"
#include "reference/given.h"

namespace flashdiff {
namespace {

using timing::Timed;

/// A backend that all its shapes share: opened by the first of them.
struct Answerer {
  std::string name;
  const kernels::Kernel* kernel;  ///< null: none of ours
  KernelsBench options;
  const figures::Gpu* gpu;
  Outcome<std::unique_ptr<Backend>> backend = std::unique_ptr<Backend>();

  [[nodiscard]] Outcome<Backend*> open() {
    if (backend && *backend == nullptr) backend = open_backend(name, options.backend);
    if (!backend) return tl::unexpected<Error>(backend.error());
    return backend->get();
  }
};

/// No speed for what has not passed on this shape: why there is none, or nothing.
std::string why_no_time(Backend& backend, const Case& question) {
  if (dynamic_cast<timing::Timeable*>(&backend) == nullptr) return backend.name() + " cannot be timed";
  const Verdict verdict = examine(backend, question).verdict;
  if (std::holds_alternative<verdict::Pass>(verdict) || std::holds_alternative<verdict::PassWeak>(verdict))
    return {};
  return "no time: " + explain(verdict);
}

/// One shape of one backend, examined once for all of its repetitions.
class TimedShape {
 public:
  TimedShape(std::shared_ptr<Answerer> answerer, Case question)
      : answerer_(std::move(answerer)), question_(std::move(question)) {}

  void operator()(benchmark::State& state) {
    const Outcome<Backend*> backend = answerer_->open();
    if (!backend) return state.SkipWithError(backend.error().what.c_str());
    if (!why_not_) why_not_ = why_no_time(**backend, question_);
    if (!why_not_->empty()) return state.SkipWithError(why_not_->c_str());
    const auto given = make_given(question_.problem);
    if (!given) return state.SkipWithError(given.error().what.c_str());
    const LaidOut sent = lay_out(question_, *given);
    Outcome<Timed> timed = harness_error("not timed");
    for ([[maybe_unused]] auto _ : state) {
      timed = dynamic_cast<timing::Timeable&>(**backend).time(sent, answerer_->options.plan);
      if (!timed) return state.SkipWithError(timed.error().what.c_str());
      state.SetIterationTime(timed->median());
    }
    tell(state, *timed, (*backend)->numerics(question_.problem), figures::compulsory_bytes(sent));
  }

 private:
  void tell(benchmark::State& state, const Timed& timed, const Numerics& numerics, double bytes) const {
    const Problem& problem = question_.problem;
    const double useful = problem.useful_flops();
    auto& counters = state.counters;
    state.SetItemsProcessed(static_cast<std::int64_t>(useful));
    if (problem.pass == Pass::append) state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
    counters["bytes"] = bytes;
    if (problem.pass != Pass::append) counters["padded_flops"] = useful * figures::dense_over_needed(problem);
    if (const kernels::Kernel* kernel = answerer_->kernel; kernel != nullptr && kernel->plan.tile != nullptr)
      counters["tile_flops"] = figures::tile_work(problem, kernel->plan.tile(problem)).rounded;
    if (const figures::Gpu* const gpu = answerer_->gpu; gpu != nullptr) {
      const bool tensor_cores = numerics.qk == Accumulation::f32_tensor_core;
      if (problem.pass != Pass::append)
        counters[tensor_cores ? "of_tensor_peak" : "of_f32_peak"] =
            useful / timed.median() / (tensor_cores ? gpu->tensor_flops : gpu->f32_flops);
      counters["of_memory_peak"] = bytes / timed.median() / gpu->memory_bytes;
    }
    counters["samples"] = static_cast<double>(timed.seconds.size());
    // Google Benchmark writes 0 / 0 of a counter that is 0 in every repetition into its JSON, as a bare NaN.
    if (timed.discarded > 0) counters["discarded"] = timed.discarded;
    if (timed.without_sensors.empty()) {
      counters["sm_megahertz"] = timed.sm_megahertz;
      counters["watts"] = timed.watts;
    }
    const std::string throttled = timed.throttled_by.empty() ? "" : "throttled: " + timed.throttled_by;
    state.SetLabel(timed.note + (timed.note.empty() || throttled.empty() ? "" : "; ") + throttled);
  }

  std::shared_ptr<Answerer> answerer_;
  Case question_;
  std::optional<std::string> why_not_;
};

void add(const std::string& name, const std::shared_ptr<Answerer>& answerer, Case question) {
  const auto shape = std::make_shared<TimedShape>(answerer, std::move(question));
  benchmark::RegisterBenchmark(fmt::format("gpu/{}/{}", answerer->name, name).c_str(),
                               [shape](benchmark::State& state) { (*shape)(state); })
      ->Iterations(1)
      ->Repetitions(answerer->options.repetitions)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

/// On the shapes of every kernel of ours that it has a word for, each once.
void register_cudnn(const KernelsBench& options, const figures::Gpu* gpu) {
  for (const char* const name : {"cudnn", "cudnn_bias"}) {
    const auto answerer = std::make_shared<Answerer>(Answerer{name, nullptr, options, gpu});
    const Outcome<Backend*> backend = answerer->open();
    benchmark::AddCustomContext(name, backend ? (*backend)->about() : "none: " + backend.error().what);
    if (!backend) continue;
    std::set<std::string> told;
    for (const kernels::Kernel& kernel : kernels::all_kernels())
      for (figures::Shape& one : options.shapes(kernel.plan)) {
        const bool backward = one.question.problem.pass == Pass::backward;
        const std::string shape = (backward ? "backward/" : "") + one.name;
        if (!(*backend)->supports(one.question).yes || !told.insert(shape).second) continue;
        add(shape, answerer, std::move(one.question));
      }
  }
}

}  // namespace

Outcome<void> register_kernel_benchmarks(const KernelsBench& options) {
  const auto driver = driver::Driver::load(options.backend.device);
  if (!driver) return tl::unexpected<Error>(driver.error());
  const auto devices = driver::devices(**driver);
  if (!devices) return tl::unexpected<Error>(devices.error());
  const std::string& device = devices->front().name;
  const figures::Gpu* const gpu = figures::gpu_of_device(device);
  benchmark::AddCustomContext("gpu", device);
  benchmark::AddCustomContext("gpu_driver",
                              fmt::format("{}, CUDA {}", (*driver)->library(), (*driver)->version()));
  benchmark::AddCustomContext("gpu_l2", timing::name_of(options.plan.l2));
  benchmark::AddCustomContext("gpu_peaks", gpu != nullptr ? std::string(gpu->name) : "not known here");
  const auto sensors = timing::Sensors::open(**driver);
  benchmark::AddCustomContext("nvml", sensors ? "clock and power are read; throttled samples are discarded"
                                              : "none: " + sensors.error().what);
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    const auto answerer =
        std::make_shared<Answerer>(Answerer{std::string(kernel.name), &kernel, options, gpu});
    for (figures::Shape& one : options.shapes(kernel.plan))
      if (kernel.plan.why_not(one.question).empty()) add(one.name, answerer, std::move(one.question));
  }
  if (options.cudnn) register_cudnn(options, gpu);
  return {};
}

}  // namespace flashdiff
