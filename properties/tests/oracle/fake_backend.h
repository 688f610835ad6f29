#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/problem/numbers.h"
#include "reference/attention.h"
#include "reference/backward.h"
#include "reference/given.h"
#include "reference/rotary.h"

namespace flashdiff::testing {

/// Three sequences of unlike lengths, causal.
inline Case ragged(const std::string& layout = "lay=left") {
  return parse_case("fd1 b=3 hq=2 hk=1 d=8 dv=8 dt=f16 " + layout +
                    " q=5,17,1 kv=20,9,12 mask=causal_br data=normal seed=0x51")
      .value();
}

/// Writes values into the logical rows of an output.
template <class T>
void write_rows(LaidOutTensor& tensor, const LogicalTensor<T>& values) {
  for (int s = 0; s < values.sequences(); ++s)
    for (int head = 0; head < values.heads(); ++head)
      for (int row = 0; row < values.rows(s); ++row)
        for (int column = 0; column < values.width(); ++column)
          store_element(
              tensor.dtype,
              tensor.body() + static_cast<std::size_t>(tensor.place.address(s, row, head) + column) *
                                  bytes_of(tensor.dtype),
              static_cast<float>(values.row(s, head, row)[column]));
}

/// A backend that answers by the reference, and then does what a test planted.
class FakeBackend : public Backend {
 public:
  using Plant = std::function<Outcome<void>(LaidOut&)>;
  explicit FakeBackend(Plant plant = {}, const std::string& name = "fake")
      : Backend(name), plant_(std::move(plant)) {}

  [[nodiscard]] Support supports(const Case& c) const override {
    if (!refuses) return {};
    return refuses(c) ? Support{false, "not by a fake"} : Support{};
  }
  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    Numerics n;
    n.out = problem.dtype;
    n.deterministic = deterministic;
    n.dq_in_any_order = dq_in_any_order;
    n.pages_keep_bits = pages_keep_bits;
    n.gives_lse = gives_lse;
    return n;
  }

  std::function<bool(const Case&)> refuses;
  bool deterministic = true;
  bool dq_in_any_order = false;
  bool pages_keep_bits = true;
  bool gives_lse = true;    ///< it says so
  bool writes_lse = true;   ///< and does so
  std::vector<Case> asked;  ///< every run, in order

 private:
  Outcome<void> do_run(LaidOut& io) override {
    asked.push_back(io.question);
    const Problem& problem = io.question.problem;
    const auto data = make_given(problem);
    switch (problem.pass) {
      case Pass::forward: {
        const Attention right = attention_forward(problem, *data);
        write_rows(io.o, right.o);
        if (writes_lse) write_rows(io.lse, right.lse);
        break;
      }
      case Pass::backward: {
        const Gradients right = attention_backward(problem, *data);
        write_rows(io.dq, right.dq);
        write_rows(io.dk, right.dk);
        write_rows(io.dv, right.dv);
        break;
      }
      case Pass::append: {
        const Appended right = append_kv(problem, *data);
        write_rows(io.q_rot, right.q_rot);
        write_rows(io.k, right.k);
        write_rows(io.v, right.v);
        break;
      }
    }
    return plant_ ? plant_(io) : Outcome<void>{};
  }
  Plant plant_;
};

}  // namespace flashdiff::testing
