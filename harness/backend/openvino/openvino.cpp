#include "harness/backend/openvino/openvino.h"

#include <utility>

#include <fmt/format.h>

#include "harness/backend/openvino/rectangles.h"

namespace flashdiff {
namespace {

using openvino::Form;
using openvino::Library;
using openvino::Model;
using openvino::Rectangles;

/// A mask of so many bytes takes as long to make as the attention itself, and more memory than a machine may
/// have.
constexpr double kLargestMask = 0x1p30;

double mask_bytes(const Form& form) {
  const auto rows = static_cast<double>(form.batch) * static_cast<double>(form.mask_heads * form.queries);
  return rows * static_cast<double>(form.keys) * (form.additive ? sizeof(float) : 1);
}

/// The first sequence with a query that sees no key.
int sequence_that_sees_nothing(const Problem& problem) {
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    for (int i = 0; i < lengths.q_len; ++i)
      if (visible_keys(problem.mask, lengths, i).empty()) return s;
  }
  return -1;
}

/// Where top left and bottom right are the same, and no bias stands in the mask.
bool flag_can_say(const Problem& problem) {
  for (const SequenceLengths& one : problem.sequences)
    if (one.q_len != one.kv_len) return false;
  const bool causal =
      problem.mask.kind == MaskKind::causal_top_left || problem.mask.kind == MaskKind::causal_bottom_right;
  return causal && !problem.alibi;
}

bool has_queries(const Problem& problem) {
  for (const SequenceLengths& one : problem.sequences)
    if (one.q_len > 0) return true;
  return false;
}

class OpenVinoBackend final : public Backend {
 public:
  OpenVinoBackend(std::shared_ptr<const Library> library, CausalBy causal)
      : Backend(causal == CausalBy::flag ? "openvino_causal" : "openvino"),
        library_(std::move(library)),
        causal_(causal) {}

  [[nodiscard]] Support supports(const Case& c) const override {
    const Problem& problem = c.problem;
    if (problem.pass != Pass::forward) return {false, "computes the forward pass only"};
    if (c.layout.page > 0)
      return {false, "takes rows of one stride: its attention over pages is another operation"};
    if (problem.softcap) return {false, "its operation has no softcap"};
    if (problem.sink) return {false, "no attention sink is handed to it"};
    if (sequence_that_sees_nothing(problem) >= 0)
      return {false, "a query sees no key: its softmax over nothing is NaN, O = 0 is asked"};
    if (causal_ == CausalBy::flag && !flag_can_say(problem))
      return {false, "its causal flag is asked of causal masks over as many queries as keys only"};
    if (mask_bytes(openvino::form_of(c)) > kLargestMask)
      return {false, "its explicit mask would be larger than 1 GiB"};
    return {};
  }

  /// How it computes was read in its sources (openvinotoolkit/openvino, 2026) and measured with 2026.4.0.
  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    Numerics n;
    // The scale goes into Q, products add up by fused multiply-adds of f32 vectors, in blocks of whatever
    // size (ScaledDotProductAttentionDecomposition; brgemm of oneDNN).
    n.qk = Accumulation::f32_fma;
    n.pv = Accumulation::f32_fma;
    // Softmax of whole rows: max, subtract, exp, sum, 1 / sum, product (snippets, SoftmaxDecomposition).
    n.whole_rows = true;
    // A polynomial of degree 5 in x - n fl(ln2) (jit_exp_emitter). fl(ln2) is 1.9e-9 too large, so the error
    // grows with n: from -1.24 to 3.27 x 2^-23 over all x above -87.3, by its own coefficients evaluated over
    // the range and by rows of two keys alike. Below ln(2^-126) the result is 0.
    n.exp2_ulps = 3.28;
    n.flush_subnormals = true;
    // A division (jit_power_static_emitter); 1 / n came back correctly rounded for all n tried.
    n.rcp_ulps = 0.5;
    n.out = problem.dtype;
    // A key's lane, and with it the order of sums, depends on how much padding lies before it.
    n.deterministic = false;
    n.gives_lse = false;
    return n;
  }

  [[nodiscard]] std::string about() const override {
    const std::string version = "OpenVINO " + library_->version();
    const auto ran = probe();
    if (!ran) return fmt::format("{}: {}", version, ran.error().what);
    return fmt::format("{} ({} on this processor), f32 arithmetic, 1 thread; attention {}: {}", version,
                       library_->capabilities(),
                       openvino::is_fused(*ran) ? "fused into one node" : "NOT fused into one node",
                       openvino::words_of(*ran));
  }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    const Problem& problem = io.question.problem;
    if (!has_queries(problem)) return {};
    Rectangles all = openvino::rectangles_of(io);
    all.form.causal = causal_ == CausalBy::flag;
    const Outcome<std::vector<openvino::RanNode>> ran =
        answer(all, static_cast<float>(problem.softmax_scale()));
    if (!ran) return tl::unexpected<Error>(ran.error());
    if (!openvino::is_fused(*ran))
      return unsupported(fmt::format("OpenVINO did not fuse this: it ran {}", openvino::words_of(*ran)));
    openvino::scatter(all, io);
    return {};
  }

  [[nodiscard]] Outcome<std::vector<openvino::RanNode>> answer(Rectangles& all, float scale) const {
    Outcome<Model> model = Model::compile(library_, all.form);
    if (!model) return tl::unexpected<Error>(std::move(model.error()));
    const Model::Tensors tensors{all.q.data(), all.k.data(), all.v.data(), all.mask(), &scale, all.o.data()};
    if (auto bound = model->bind(tensors); !bound) return tl::unexpected<Error>(std::move(bound.error()));
    if (auto done = model->run(); !done) return tl::unexpected<Error>(std::move(done.error()));
    return model->ran();
  }

  /// What it executes for a small padded batch of grouped heads.
  [[nodiscard]] Outcome<std::vector<openvino::RanNode>> probe() const {
    Rectangles all;
    all.form = {.batch = 2, .heads = 2, .queries = 8, .keys = 16, .d_qk = 32, .d_v = 32};
    all.q.assign(std::size_t{2} * 2 * 8 * 32, 1.0f);
    all.k.assign(std::size_t{2} * 16 * 32, 1.0f);
    all.v = all.k;
    all.o = all.q;
    all.sees.assign(std::size_t{2} * 8 * 16, 1);
    return answer(all, 1.0f);
  }

  std::shared_ptr<const Library> library_;
  CausalBy causal_;
};

}  // namespace

Outcome<std::unique_ptr<Backend>> openvino_backend(CausalBy causal) {
  auto library = Library::load();
  if (!library) return tl::unexpected<Error>(std::move(library.error()));
  return std::make_unique<OpenVinoBackend>(std::move(*library), causal);
}

}  // namespace flashdiff
