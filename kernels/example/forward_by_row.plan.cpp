#include <algorithm>

#include <fmt/format.h>

#include "harness/problem/modifiers.h"
#include "kernels/kernel.h"
#include "kernels/params.h"
#include "kernels/views.h"

/// The plan of forward_by_row.cu: which cases it takes and why not the others, what its arithmetic is, what
/// it needs in memory, and its one launch.
namespace flashdiff::kernels {
namespace {

constexpr int kWarps = 4, kLanes = 32, kLargestDim = 128;  // as in the .cu
constexpr std::int64_t kLargestGrid = 65535;               // y and z

std::string why_not(const Case& c) {
  const Problem& p = c.problem;
  if (p.pass != Pass::forward) return "computes the forward pass only";
  if (c.layout.page > 0) return "K and V in pages: it takes rows of one stride";
  if (has_modifiers(p)) return "has no softcap, ALiBi or sink";
  if (std::max(p.d_qk, p.d_v) > kLargestDim)
    return fmt::format("head dim {} is above {}", std::max(p.d_qk, p.d_v), kLargestDim);
  if (std::max<std::int64_t>(p.h_q, p.batch()) > kLargestGrid)
    return fmt::format("more than {} heads or sequences, which a grid does not have", kLargestGrid);
  for (const SequenceLengths& s : p.sequences)
    if (std::max(s.q_len, s.kv_len) >= MaskParams::unbounded / 2) return "a length above 2^29";
  return {};
}

/// The oracle derives from this, and from nothing else, how far each element may be from the reference.
Numerics numerics(const Problem& problem) {
  Numerics n;
  n.p = DType::f32;
  n.qk = n.pv = Accumulation::f32_fma;
  n.exp2_ulps = 2;            // CUDA Programming Guide, Mathematical Functions: exp2f
  n.log2_absolute = 0x1p-22;  // the same: log2f, 1 ulp
  n.rcp_ulps = 0.5;           // div.rn
  n.kv_tile = 1;              // rescaled after each key
  n.out = problem.dtype;
  n.deterministic = true;
  return n;
}

/// First rows and lengths, which make every padding and packing alike; no workspace.
Needs needs(const LaidOut& io) { return {sequences_of(io), 0}; }

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

  Launch launch;
  launch.entry = fmt::format("forward_by_row_{}", name_of(problem.dtype));
  launch.grid[0] = static_cast<std::uint32_t>((longest + kWarps - 1) / kWarps);
  launch.grid[1] = static_cast<std::uint32_t>(problem.h_q);
  launch.grid[2] = static_cast<std::uint32_t>(problem.batch());
  launch.block[0] = kWarps * kLanes;
  launch.parameters = bytes_of_params(params);
  return {launch};
}

}  // namespace

KernelPlan forward_by_row_plan() {
  return {"forward, a warp a query: the example of kernels/README.md", why_not, numerics, needs, plan};
}

}  // namespace flashdiff::kernels
