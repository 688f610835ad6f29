#include "harness/bench/figures_bench.h"

#include <map>
#include <memory>
#include <set>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/backend/answerers/registry.h"
#include "harness/figures/figures.h"
#include "harness/figures/occupancy.h"
#include "harness/figures/roofline.h"
#include "harness/figures/shapes.h"
#include "harness/figures/source_lines.h"
#include "harness/figures/tile_work.h"
#include "harness/problem/numbers.h"
#include "kernels/kernel.h"
#include "kernels/ptxas.h"
#include "reference/given.h"

namespace flashdiff {
namespace {

using figures::Figures;
using nlohmann::json;

std::map<std::string, std::string>& own_images() {
  static std::map<std::string, std::string> images;
  return images;
}

/// The kernel's backend, opened once: its module is loaded for all entries.
Outcome<Backend*> backend_of(const kernels::Kernel& kernel) {
  static std::map<std::string, std::unique_ptr<Backend>> opened;
  std::unique_ptr<Backend>& backend = opened[std::string(kernel.name)];
  if (!backend) {
    auto made = open_backend(std::string(kernel.name), {DeviceChoice::soft, own_images(), {}, 0});
    if (!made) return tl::unexpected<Error>(made.error());
    backend = std::move(*made);
  }
  return backend.get();
}

LaidOut laid_out(const Case& c) { return lay_out(c, make_given(c.problem).value()); }

Outcome<Figures> counted(const kernels::Kernel& kernel, const LaidOut& io) {
  return backend_of(kernel).and_then([&](Backend* backend) { return figures::count(*backend, io); });
}

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

constexpr double kSectorBytes = 32;  // of global memory

/// Products of whole tiles on both sides are its work: not where it decodes, and its rows are few.
bool multiplies_tiles(const kernels::KernelPlan& plan) {
  return plan.tile != nullptr || plan.tensor_flops != nullptr;
}

/// What every entry has.
void tell(benchmark::State& state, const Figures& f) {
  auto& counters = state.counters;
  counters["warp_instructions"] = static_cast<double>(f.warp_instructions);
  if (f.tensor_flops > 0) {
    counters["products"] = f.products();
    counters["warp_instructions_a_product"] = ratio(static_cast<double>(f.warp_instructions), f.products());
  }
  counters["wavefronts_over_ideal"] = f.shared.over_ideal();
  counters["read_sectors_over_ideal"] = f.read.over_ideal();
  counters["written_sectors_over_ideal"] = f.written.over_ideal();
  counters["local_sectors"] = static_cast<double>(f.local.units);
}

/// Products issued over those of the unmasked pairs: those that any kernel needs, and those of this one's
/// algorithm.
void tell_products(benchmark::State& state, double issued, double needed, double of_algorithm) {
  state.counters["issued_over_needed"] = ratio(issued, needed);
  state.counters["issued_over_algorithm"] = ratio(issued, of_algorithm);
}

Outcome<Figures> counted(const kernels::Kernel& kernel, const std::vector<Case>& cases) {
  Figures all;
  for (const Case& c : cases) {
    auto one = counted(kernel, laid_out(c));
    if (!one) return one;
    all = figures::sum(*one, all);
  }
  return all;
}

void main_loop(benchmark::State& state, const kernels::Kernel& kernel, int d) {
  const figures::MainLoop cases = figures::main_loop(kernel.plan.pass, d);
  for ([[maybe_unused]] auto _ : state) {
    const auto more = counted(kernel, cases.more), fewer = counted(kernel, cases.fewer);
    if (!more || !fewer) return state.SkipWithError((more ? fewer : more).error().what.c_str());
    const Figures loop = figures::difference(*more, *fewer);
    tell(state, loop);
    tell_products(state, loop.tensor_flops, cases.flops([](const Problem& p) { return p.useful_flops(); }),
                  cases.flops([&](const Problem& p) { return figures::algorithm_flops(kernel.plan, p); }));
  }
}

/// Of the rows of K and V: what a decoding kernel is bound by.
double bytes_of_cache(const Problem& p) {
  double rows = 0;
  for (const SequenceLengths& one : p.sequences) rows += one.kv_len;
  return rows * p.h_kv * (p.d_qk + p.d_v) * static_cast<double>(bytes_of(p.dtype));
}

std::vector<ShapeLines>& kept_lines() {
  static std::vector<ShapeLines> kept;
  return kept;
}

/// Of a kernel and head dim those of one shape stay: what executes most has the loops that matter.
void keep_lines(const kernels::Kernel& kernel, const figures::Shape& shape, std::uint64_t all,
                const json& counted) {
  const std::string head_dim = shape.name.substr(0, shape.name.find('/'));
  ShapeLines lines{std::string(kernel.name), shape.name, all, figures::source_lines(counted)};
  for (ShapeLines& other : kept_lines()) {
    if (other.kernel != lines.kernel || other.shape.substr(0, other.shape.find('/')) != head_dim) continue;
    if (other.warp_instructions < all) other = std::move(lines);
    return;
  }
  kept_lines().push_back(std::move(lines));
}

/// How many useful FLOPs a second a GPU could do at most, and what keeps it from more.
void tell_bounds(benchmark::State& state, const Figures& f, double useful, double bytes) {
  std::string bounds;
  for (const figures::Gpu& gpu : figures::gpus()) {
    const figures::Roofline roof = figures::roofline(gpu, f, bytes);
    state.counters[fmt::format("bound_tflops_{}", gpu.name)] = useful / roof.seconds() / 1e12;
    bounds += fmt::format("{}{}: {}", bounds.empty() ? "" : "; ", gpu.name, roof.bound_by());
  }
  state.SetLabel(fmt::format("bound by {}", bounds));
}

void shape(benchmark::State& state, const kernels::Kernel& kernel, const figures::Shape& shape) {
  const Problem& problem = shape.question.problem;
  const LaidOut io = laid_out(shape.question);
  for ([[maybe_unused]] auto _ : state) {
    const auto by_kernel =
        backend_of(kernel).and_then([&](Backend* backend) { return figures::count_kernels(*backend, io); });
    if (!by_kernel) return state.SkipWithError(by_kernel.error().what.c_str());
    const Figures f = figures::summed(*by_kernel);
    keep_lines(kernel, shape, f.warp_instructions, *by_kernel);
    tell(state, f);
    const double useful = problem.useful_flops(), bytes = figures::compulsory_bytes(io);
    state.counters["compulsory_bytes"] = bytes;
    state.counters["moved_bytes_over_rows"] =
        ratio(kSectorBytes * static_cast<double>(f.read.units + f.written.units), bytes);
    if (multiplies_tiles(kernel.plan)) {
      tell_products(state, f.tensor_flops, useful, figures::algorithm_flops(kernel.plan, problem));
      state.counters["dense_over_needed"] = figures::dense_over_needed(problem);
    }
    if (kernel.plan.tile != nullptr)
      state.counters["issued_over_tiles"] =
          ratio(f.tensor_flops, figures::tile_work(problem, kernel.plan.tile(problem)).rounded);
    if (kernel.plan.most_queries > 0)
      state.counters["read_bytes_over_cache"] =
          ratio(kSectorBytes * static_cast<double>(f.read.units), bytes_of_cache(problem));
    if (problem.pass == Pass::append) continue;  // it moves bytes: FLOPs are no measure of it
    state.counters["useful_flops"] = useful;
    tell_bounds(state, f, useful, bytes);
  }
}

/// ptxas's figures of the entries that a shape launches.
void ptxas(benchmark::State& state, const kernels::PtxasRow& row, const kernels::Launch& launch) {
  const softcuda::exec::DeviceProfile& device = *softcuda::exec::profile_named(row.architecture);
  for ([[maybe_unused]] auto _ : state) {
    const auto shared = static_cast<int>(launch.shared_bytes) + row.shared_bytes;
    const figures::Occupancy occupancy =
        figures::occupancy(device, row.registers, static_cast<int>(launch.block[0]), shared);
    state.counters["registers"] = row.registers;
    state.counters["spill_bytes"] = row.spill_store_bytes + row.spill_load_bytes;
    state.counters["shared_bytes"] = shared;
    state.counters["blocks_a_multiprocessor"] = occupancy.blocks;
    state.SetLabel(fmt::format("limited by {}", occupancy.limit));
  }
}

template <class... Arguments>
void add(const std::string& name, Arguments... arguments) {
  benchmark::RegisterBenchmark(("figures/" + name).c_str(), arguments...)->Iterations(1)->Repetitions(1);
}

/// Of the entries that a short case launches, if the kernel takes it, but for those that have been told.
void register_ptxas(const kernels::Kernel& kernel, int d, std::set<std::string>& told) {
  Case c = figures::main_loop(kernel.plan.pass, d).fewer.front();
  if (kernel.plan.most_queries > 0) c.problem.sequences.front().q_len = 1;
  if (!kernel.plan.why_not(c).empty()) return;
  const LaidOut io = laid_out(c);
  for (const kernels::Launch& launch : kernel.plan.plan(io, {})) {
    if (!told.insert(launch.entry).second) continue;
    for (const kernels::PtxasRow& row : kernels::parse_ptxas(kernel.ptxas))
      if (row.entry == launch.entry)
        add(fmt::format("{}/ptxas/{}/{}", kernel.name, row.entry, row.architecture), ptxas, row, launch);
  }
}

}  // namespace

Outcome<void> register_figures(const std::map<std::string, std::string>& images) {
  own_images() = images;
  if (const auto driver = driver::Driver::load(DeviceChoice::soft); !driver)
    return tl::unexpected<Error>(driver.error());
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    const std::string name(kernel.name);
    for (const int d : {64, 128})
      if (multiplies_tiles(kernel.plan)) add(fmt::format("{}/d{}/main_loop", name, d), main_loop, kernel, d);
    std::set<std::string> told;
    if (kernel.plan.pass != Pass::append && !images.contains(name))  // who appends has no main loop
      for (const int d : {32, 64, 96, 128, 192, 256}) register_ptxas(kernel, d, told);
    for (const figures::Shape& one : figures::published(kernel.plan))
      add(name + '/' + one.name, shape, kernel, one);
  }
  return {};
}

const std::vector<ShapeLines>& counted_lines() { return kept_lines(); }

}  // namespace flashdiff
