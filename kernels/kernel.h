#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"
#include "harness/problem/numerics.h"

/// The in-repo kernels: a kernel is an image (PTX) plus a plan, a host function from a problem to launches.
/// No CUDA here: a plan is arithmetic, and is tested as such.
namespace flashdiff::kernels {

/// Device addresses of the bodies (behind the guard band) of a laid-out case, and of the plan's own bytes.
struct Addresses {
  std::uint64_t q = 0, k = 0, v = 0, o = 0, lse = 0;
  std::uint64_t d_o = 0, dq = 0, dk = 0, dv = 0;            ///< backward only
  std::uint64_t k_new = 0, v_new = 0, q_rot = 0, rope = 0;  ///< append only
  std::uint64_t metadata = 0;                               ///< of Plan::metadata
  std::uint64_t workspace = 0;  ///< of Plan::workspace_bytes, poisoned before every call
};

struct Launch {
  std::string entry;
  std::uint32_t grid[3] = {1, 1, 1};
  std::uint32_t block[3] = {1, 1, 1};
  std::uint32_t shared_bytes = 0;
  std::vector<std::byte> parameters;
};

/// What must be in device memory besides the tensors; known before any address is.
struct Needs {
  std::vector<std::byte> metadata;  ///< uploaded as it is: first rows, lengths
  std::size_t workspace_bytes = 0;
};

/// What a block multiplies at once: matrix products of this size are issued as a whole or not at all.
struct WorkTile {
  int queries = 1, keys = 1;
  int d_qk = 1, d_v = 1;  ///< columns, smaller head dims filled up
};

/// What a kernel's .plan.cpp defines, as `KernelPlan <name>_plan()`.
struct KernelPlan {
  std::string_view description;  ///< one line for `flashdiff backends`
  /// Empty where the kernel takes the case, else why not, in words.
  std::string (*why_not)(const Case&);
  Numerics (*numerics)(const Problem&);
  Needs (*needs)(const LaidOut&);
  /// Launches in order; none for a batch without queries.
  std::vector<Launch> (*plan)(const LaidOut&, const Addresses&);
  /// For figures of how much work is wasted; null where a kernel has no tiles of tensor core products.
  WorkTile (*tile)(const Problem&) = nullptr;
  Pass pass = Pass::forward;  ///< what it computes
  int most_queries = 0;       ///< of a sequence that it takes; 0: any number
  /// FLOPs that its algorithm has tensor cores do for the unmasked pairs: more than Problem::useful_flops()
  /// where scores are made twice. Null: the same.
  double (*tensor_flops)(const Problem&) = nullptr;
};

struct Kernel {
  std::string_view name;    ///< of the .cu file
  std::string_view source;  ///< path of the .cu in the repository
  std::string_view image;   ///< PTX text, as nvcc made it for compute_80
  std::string_view ptxas;   ///< what ptxas printed for sm_80 and sm_90, see ptxas.h
  KernelPlan plan;
};

/// Of every pair NAME.cu, NAME.plan.cpp: by pass, those that take any q_len first, then by name.
[[nodiscard]] std::span<const Kernel> all_kernels();

/// Bytes of a parameter struct, for Launch::parameters.
template <class Params>
[[nodiscard]] std::vector<std::byte> bytes_of_params(const Params& params) {
  const auto* first = reinterpret_cast<const std::byte*>(&params);
  return {first, first + sizeof(Params)};
}

}  // namespace flashdiff::kernels
