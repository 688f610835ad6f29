#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/backward_tiles.h"
#include "kernels/kernel.h"
#include "kernels/params.h"

/// What the plans of the backward kernels share: the workspace, the lists of tiles, and the launches.
namespace flashdiff::kernels {

/// Empty where a backward kernel takes the case, else why not.
[[nodiscard]] std::string why_not_backward(const Case& c);
/// Declared by both, but for `dq_in_any_order`.
[[nodiscard]] Numerics backward_numerics(const Problem& problem);
/// KernelPlan::tensor_flops of either; `sums_dq` as BackwardCall has it.
[[nodiscard]] double backward_tensor_flops(const Problem& problem, bool sums_dq);

/// One call of a backward kernel.
class BackwardCall {
 public:
  /// `kernel` begins the names of entries. `sums_dq`: dQ is summed in the workspace, by passes over keys.
  BackwardCall(const LaidOut& io, std::string_view kernel, bool sums_dq);

  [[nodiscard]] Needs needs() const;

  /// The launches in order: copies of tensors whose rows start at no multiple of 16 bytes, row statistics,
  /// dK and dV, then dQ: over queries, or from its sum. Those without a block are left out.
  [[nodiscard]] std::vector<Launch> launches(const Addresses& at) const;

 private:
  /// Tiles of the rows of one side, those with the most to see first: the last blocks to start are then
  /// short.
  struct Tiles {
    std::vector<RowTile> list;
    std::uint64_t at = 0;  ///< in the metadata
  };
  [[nodiscard]] Tiles tiles_of(bool keys, int rows);
  [[nodiscard]] BackwardParams params(const Addresses& at) const;
  void add_packing(std::vector<Launch>& to, BackwardParams& params, const Addresses& at) const;
  void add(std::vector<Launch>& to, std::string_view pass, const Tiles& tiles, BackwardParams params,
           int heads, int shared_bytes) const;

  const LaidOut& io_;
  const Problem& problem_;
  std::string kernel_;
  bool sums_dq_, aligned_;
  BackwardTiles key_shape_, query_shape_;
  std::vector<Sequence> workspace_sequences_;
  std::uint64_t workspace_sequences_at_ = 0, modifiers_at_ = 0;  ///< in the metadata
  std::int64_t query_rows_ = 0, key_rows_ = 0;                   ///< of the workspace
  std::vector<std::byte> metadata_;  ///< Sequences of the tensors, of the workspace, slopes, tiles
  Tiles query_rows_by_64_, key_rows_by_64_, key_tiles_, query_tiles_;
};

/// The plan of a kernel whose entries begin with Of::name; Of::sums_dq as above. Atomic additions end in
/// another order on each run.
template <class Of>
[[nodiscard]] KernelPlan backward_plan(std::string_view description) {
  const auto numerics = [](const Problem& problem) {
    Numerics n = backward_numerics(problem);
    n.dq_in_any_order = Of::sums_dq;
    return n;
  };
  const auto needs = [](const LaidOut& io) { return BackwardCall(io, Of::name, Of::sums_dq).needs(); };
  const auto plan = [](const LaidOut& io, const Addresses& at) {
    return BackwardCall(io, Of::name, Of::sums_dq).launches(at);
  };
  const auto tensor_flops = [](const Problem& problem) {
    return backward_tensor_flops(problem, Of::sums_dq);
  };
  return {description, why_not_backward, numerics, needs, plan, nullptr, Pass::backward, 0, tensor_flops};
}

}  // namespace flashdiff::kernels
