#include "harness/backend/answerers/answerers.h"
#include "harness/problem/logical.h"
#include "harness/problem/numbers.h"
#include "reference/attention.h"
#include "reference/rotary.h"

namespace flashdiff {
namespace {

/// Writes a logical tensor into the rows of a laid-out one.
void write_rows(const LogicalTensor<double>& values, LaidOutTensor& to) {
  const std::size_t size = bytes_of(to.dtype);
  for (int s = 0; s < values.sequences(); ++s)
    for (int h = 0; h < values.heads(); ++h)
      for (int r = 0; r < values.rows(s); ++r) {
        const double* from = values.row(s, h, r);
        std::byte* row = to.body() + static_cast<std::size_t>(to.place.address(s, r, h)) * size;
        for (int c = 0; c < values.width(); ++c)
          store_element(to.dtype, row + static_cast<std::size_t>(c) * size, static_cast<float>(from[c]));
      }
}

class ReferenceBackend final : public Backend {
 public:
  ReferenceBackend() : Backend("reference") {}

  [[nodiscard]] Support supports(const Case& c) const override {
    if (c.problem.pass == Pass::backward) return {false, "computes no backward pass"};
    return {};
  }

  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    Numerics n;
    n.qk = Accumulation::f64;
    n.pv = Accumulation::f64;
    n.exp2_ulps = 0;
    n.rcp_ulps = 0;
    n.log2_absolute = 0;
    n.tanh_relative = 0;
    n.out = problem.dtype;
    n.pages_keep_bits = true;
    return n;
  }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    if (io.question.problem.pass == Pass::append) return do_append(io);
    const LogicalData data{gather(io.q), gather(io.k), gather(io.v)};
    const Attention answer = attention_forward(io.question.problem, data);
    write_rows(answer.o, io.o);
    write_rows(answer.lse, io.lse);
    return {};
  }

  static Outcome<void> do_append(LaidOut& io) {
    LogicalData data{gather(io.q), gather(io.k_new), gather(io.v_new)};
    data.rope = gather(io.rope);
    const Appended answer = append_kv(io.question.problem, data);
    write_rows(answer.q_rot, io.q_rot);
    write_rows(answer.k, io.k);
    write_rows(answer.v, io.v);
    return {};
  }
};

}  // namespace

std::unique_ptr<Backend> reference_backend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace flashdiff
