#include "harness/figures/roofline.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "harness/problem/numbers.h"

namespace flashdiff::figures {

std::span<const Gpu> gpus() {
  // The last figure: fused multiply-adds of a multiprocessor a clock (1024, 2048, 2048, 256 with f32
  // accumulators, as the white papers of Ampere, Hopper and Ada have them), two operations each.
  static constexpr Gpu kGpus[] = {
      {"A100", "sm_80", 108, 312e12, 19.5e12, 2039e9, 2048,
       "NVIDIA A100-SXM4-80GB"},  // data sheet, 80 GB SXM
      // SXM, dense; a bound for wgmma, which mma.sync stays below.
      {"H100", "sm_90", 132, 989.4e12, 66.9e12, 3350e9, 4096, "NVIDIA H100 80GB HBM3"},
      {"H200", "sm_90", 132, 989.4e12, 66.9e12, 4800e9, 4096, "NVIDIA H200"},
      {"RTX 4090", "sm_89", 128, 165.2e12, 82.6e12, 1008e9, 512,
       "NVIDIA GeForce RTX 4090"}};  // Ada white paper, appendix A
  return kGpus;
}

const Gpu* gpu_of_device(std::string_view device) {
  const auto found = std::ranges::find(gpus(), device, &Gpu::device);
  return found == gpus().end() ? nullptr : &*found;
}

namespace {

/// Of the table of a rotary embedding nobody has to read but the rows of the new tokens' positions.
double positions(const Problem& problem) {
  std::set<int> all;
  for (const SequenceLengths& one : problem.sequences)
    for (int position = one.kv_len - one.q_len; position < one.kv_len; ++position) all.insert(position);
  return static_cast<double>(all.size());
}

}  // namespace

double compulsory_bytes(const LaidOut& io) {
  double bytes = 0;
  const Problem& problem = io.question.problem;
  for (const auto roles : {inputs_of(problem.pass), outputs_of(problem.pass)})
    for (const TensorRole role : roles) {
      const LaidOutTensor& tensor = io.of(role);
      const double rows = role == TensorRole::rope
                              ? positions(problem)
                              : std::accumulate(tensor.place.rows.begin(), tensor.place.rows.end(), 0.0);
      bytes += rows * tensor.place.heads * tensor.place.width * static_cast<double>(bytes_of(tensor.dtype));
    }
  return bytes;
}

namespace {

struct Bound {
  double seconds;
  std::string_view by;
};
Bound largest(const Roofline& r) {
  return std::max({Bound{r.tensor_cores, "tensor cores"}, Bound{r.f32_units, "f32 units"},
                   Bound{r.special_functions, "special functions"}, Bound{r.shared_memory, "shared memory"},
                   Bound{r.issue_slots, "issue slots"}, Bound{r.device_memory, "device memory"}},
                  [](const Bound& a, const Bound& b) { return a.seconds < b.seconds; });
}

}  // namespace

double Roofline::seconds() const { return largest(*this).seconds; }
std::string_view Roofline::bound_by() const { return largest(*this).by; }

Roofline roofline(const Gpu& gpu, const Figures& figures, double bytes) {
  const double clocks = gpu.clock() * gpu.multiprocessors;
  Roofline r;
  r.tensor_cores = figures.tensor_flops / gpu.tensor_flops;
  r.f32_units = figures.f32_flops / gpu.f32_flops;
  // "Throughput of Native Arithmetic Instructions" (CUDA C++ Programming Guide): 16 for 8.x and 9.0.
  r.special_functions = figures.special_functions / (16 * clocks);
  r.shared_memory = static_cast<double>(figures.shared.units) / clocks;
  r.issue_slots = static_cast<double>(figures.warp_instructions) / (4 * clocks);
  r.device_memory = bytes / gpu.memory_bytes;
  return r;
}

}  // namespace flashdiff::figures
