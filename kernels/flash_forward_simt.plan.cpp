#include <algorithm>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "harness/problem/modifiers.h"
#include "kernels/kernel.h"
#include "kernels/params.h"
#include "kernels/views.h"

/// The plan of flash_forward_simt.cu: the tile shapes and the shared-memory map are those in its head.
namespace flashdiff::kernels {
namespace {

constexpr int kQueries = 32, kKeys = 64, kThreads = 128, kPad = 4;
constexpr int kLargestDim = 128;
constexpr std::int64_t kLargestGrid = 65535;  // y and z

/// Head dims that an entry is compiled for: in steps of 32, with score modifiers of 64.
int dim_bucket(const Problem& problem) {
  const int step = has_modifiers(problem) ? 64 : 32;
  return (std::max(problem.d_qk, problem.d_v) + step - 1) / step * step;
}

std::string why_not(const Case& c) {
  const Problem& p = c.problem;
  if (p.pass != Pass::forward) return "computes the forward pass only";
  if (c.layout.page > 0) return "K and V in pages: it takes rows of one stride, flash_decode takes pages";
  if (std::max(p.d_qk, p.d_v) > kLargestDim)
    return fmt::format("head dim {} is above {}", std::max(p.d_qk, p.d_v), kLargestDim);
  if (p.h_q > kLargestGrid || p.batch() > kLargestGrid)
    return fmt::format("{} heads and {} sequences: at most {} of each fit a grid", p.h_q, p.batch(),
                       kLargestGrid);
  for (const SequenceLengths& s : p.sequences)
    if (std::max(s.q_len, s.kv_len) >= MaskParams::unbounded / 2) return "a length above 2^29";
  return {};
}

Numerics numerics(const Problem& problem) {
  Numerics n;
  n.p = DType::f32;
  n.sum_uses_rounded_p = false;
  n.qk = Accumulation::f32_fma;
  n.pv = Accumulation::f32_fma;
  n.exp2_ulps = 2.0;          // PTX ISA, ex2.approx.ftz.f32: maximum relative error 2^-22 or 2 ulp
  n.rcp_ulps = 0.5;           // rcp.rn
  n.log2_absolute = 0x1p-22;  // lg2.approx
  n.tanh_relative = kTanhRelative;
  n.flush_subnormals = true;  // ex2.approx.ftz and lg2.approx.ftz
  n.kv_tile = kKeys;
  n.out = problem.dtype;
  n.deterministic = true;
  return n;
}

Needs needs(const LaidOut& io) {
  std::vector<std::byte> metadata = sequences_of(io);
  append(metadata, modifiers_of(io.question.problem, std::numbers::ln2));
  return {std::move(metadata), 0};
}

std::vector<Launch> plan(const LaidOut& io, const Addresses& at) {
  const Problem& problem = io.question.problem;
  int longest = 0;
  for (const SequenceLengths& s : problem.sequences) longest = std::max(longest, s.q_len);
  if (longest == 0) return {};

  ForwardParams params;
  params.q = view_of(io.q, at.q);
  params.k = view_of(io.k, at.k);
  params.v = view_of(io.v, at.v);
  params.o = view_of(io.o, at.o);
  params.lse = view_of(io.lse, at.lse);
  params.sequences = at.metadata;
  params.group = problem.group();
  params.d_qk = problem.d_qk;
  params.d_v = problem.d_v;
  params.mask = mask_of(problem.mask);
  params.scale_log2 = scale_log2_of(problem);
  params.modifiers = modifiers_at(problem, at.metadata + problem.sequences.size() * sizeof(Sequence));

  const int dim = dim_bucket(problem);
  Launch launch;
  launch.entry = fmt::format("flash_forward_simt_{}_d{}{}", name_of(problem.dtype), dim,
                             has_modifiers(problem) ? "_mod" : "");
  launch.grid[0] = static_cast<std::uint32_t>((longest + kQueries - 1) / kQueries);
  launch.grid[1] = static_cast<std::uint32_t>(problem.h_q);
  launch.grid[2] = static_cast<std::uint32_t>(problem.batch());
  launch.block[0] = kThreads;
  launch.shared_bytes =
      static_cast<std::uint32_t>(sizeof(float)) *
      static_cast<std::uint32_t>((kQueries + kKeys) * (dim + kPad) + kQueries * (kKeys + kPad));
  launch.parameters = bytes_of_params(params);
  return {launch};
}

}  // namespace

KernelPlan flash_forward_simt_plan() {
  return {
      "forward without tensor cores: f32, f16, bf16, head dims up to 128, every mask, layout and score "
      "modifier",
      why_not, numerics, needs, plan};
}

}  // namespace flashdiff::kernels
