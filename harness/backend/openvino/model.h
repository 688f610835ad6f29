#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/openvino/library.h"
#include "harness/problem/problem.h"

namespace flashdiff::openvino {

/// One ScaledDotProductAttention of opset13 with all of its five inputs. Q [batch, heads, queries, d_qk], K
/// [batch, kv_heads, keys, d_qk], V [batch, kv_heads, keys, d_v], mask [batch, mask_heads, queries, keys],
/// scale a scalar; O [batch, heads, queries, d_v]. kv_heads and mask_heads: heads, or 1, which is broadcast.
struct Form {
  std::int64_t batch = 1, heads = 1, kv_heads = 1, mask_heads = 1, queries = 1, keys = 1, d_qk = 1, d_v = 1;
  DType dtype = DType::f32;  ///< of all tensors, but for a boolean mask
  bool additive = false;     ///< the mask is added to the scores, else boolean: true takes part
  bool causal = false;       ///< the operation's own flag, which makes it ignore the mask
  bool operator==(const Form&) const = default;

  using Dims = std::array<std::int64_t, 4>;
  [[nodiscard]] Dims q() const { return {batch, heads, queries, d_qk}; }
  [[nodiscard]] Dims k() const { return {batch, kv_heads, keys, d_qk}; }
  [[nodiscard]] Dims v() const { return {batch, kv_heads, keys, d_v}; }
  [[nodiscard]] Dims mask() const { return {batch, mask_heads, queries, keys}; }
  [[nodiscard]] Dims o() const { return {batch, heads, queries, d_v}; }
};

/// The form in OpenVINO's intermediate representation (IR, version 11), which is XML.
[[nodiscard]] std::string text_of(const Form& form);

/// A node that was executed: "sdpa", "Subgraph", "jit_avx2_f32".
struct RanNode {
  std::string name, type, kernel;
};

/// Where its one thread, which is the caller's, runs while it computes: where the system lets it, or on one
/// core, the same in every process, so for times alone: two workers would share that core.
enum class Thread : std::uint8_t { free, pinned };

/// The form compiled for the processor: f32 arithmetic, one thread.
class Model {
 public:
  /// Errors (harness): what OpenVINO said.
  [[nodiscard]] static Outcome<Model> compile(std::shared_ptr<const Library> library, const Form& form,
                                              Thread thread = Thread::free);

  /// Contiguous tensors of the form's shapes and dtypes.
  struct Tensors {
    const void *q, *k, *v, *mask, *scale;
    void* o;
  };
  [[nodiscard]] Outcome<void> bind(const Tensors& tensors);
  /// On what is bound.
  [[nodiscard]] Outcome<void> run();
  /// What the last run executed, from its profile.
  [[nodiscard]] Outcome<std::vector<RanNode>> ran() const;
  /// "1 thread, pinned", as the compiled model has it and whatever was asked.
  [[nodiscard]] Outcome<std::string> threads() const;

 private:
  using Handle = std::unique_ptr<void, void (*)(void*)>;
  Model(std::shared_ptr<const Library> library, const Form& form);
  [[nodiscard]] Outcome<std::string> property(const char* key) const;
  [[nodiscard]] Outcome<Handle> tensor(CElement element, Form::Dims dims, std::int64_t rank,
                                       const void* at) const;
  std::shared_ptr<const Library> library_;
  Form form_;
  Handle compiled_, request_;
  std::vector<Handle> tensors_;  ///< what is bound
};

/// One node did it all: not the parts of attention one after the other.
[[nodiscard]] bool is_fused(const std::vector<RanNode>& ran);
/// "sdpa: Subgraph (jit_avx2_f32)"; conversions of inputs are left out.
[[nodiscard]] std::string words_of(const std::vector<RanNode>& ran);

}  // namespace flashdiff::openvino
