#pragma once
#include <functional>
#include <string>
#include <utility>

#include "harness/backend/backend.h"
#include "properties/tests/oracle/fake_backend.h"

namespace flashdiff::testing {

/// A backend that answers by the reference, of the inputs that it is handed, as it reads them and as it
/// leaves its outputs: where a test plants a kernel's mistakes.
class ReadingBackend : public Backend {
 public:
  using Misread = std::function<void(Problem&, LogicalData&)>;
  using Spoil = std::function<void(Answer&)>;
  explicit ReadingBackend(Misread misread = {}, Spoil spoil = {})
      : Backend("reading"), misread_(std::move(misread)), spoil_(std::move(spoil)) {}

  [[nodiscard]] Support supports(const Case&) const override { return {}; }
  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    Numerics n;
    n.out = problem.dtype;
    return n;
  }
  std::function<Outcome<void>(LaidOut&)> last;  ///< what becomes of the memory in the end

 private:
  Outcome<void> do_run(LaidOut& io) override {
    Problem problem = io.question.problem;
    LogicalData data = read(io);
    if (misread_) misread_(problem, data);
    Answer said;
    for (const auto& [role, values] : reference(problem, data)) said.of(role) = as_float(values);
    if (spoil_) spoil_(said);
    for (const TensorRole role : outputs_of(problem.pass)) write_rows(io.of(role), as_double(said.of(role)));
    return last ? last(io) : Outcome<void>{};
  }

  static LogicalData read(const LaidOut& io) {
    const Pass pass = io.question.problem.pass;
    const bool append = pass == Pass::append;
    LogicalData data{gather(io.q), gather(append ? io.k_new : io.k), gather(append ? io.v_new : io.v)};
    if (append) data.rope = gather(io.rope);
    if (pass != Pass::backward) return data;
    data.d_o = gather(io.d_o);
    data.o = gather(io.o);
    data.lse = gather(io.lse);
    return data;
  }

  using Output = std::pair<TensorRole, LogicalTensor<double>>;
  static std::vector<Output> reference(const Problem& problem, const LogicalData& data) {
    switch (problem.pass) {
      case Pass::forward: {
        Attention right = attention_forward(problem, data);
        return {{TensorRole::o, std::move(right.o)}, {TensorRole::lse, std::move(right.lse)}};
      }
      case Pass::backward: {
        Gradients right = attention_backward(problem, data);
        return {{TensorRole::dq, std::move(right.dq)},
                {TensorRole::dk, std::move(right.dk)},
                {TensorRole::dv, std::move(right.dv)}};
      }
      case Pass::append: break;
    }
    Appended right = append_kv(problem, data);
    return {{TensorRole::q_rot, std::move(right.q_rot)},
            {TensorRole::k, std::move(right.k)},
            {TensorRole::v, std::move(right.v)}};
  }

  template <class To, class From>
  static LogicalTensor<To> converted(const LogicalTensor<From>& from) {
    std::vector<int> rows;
    for (int s = 0; s < from.sequences(); ++s) rows.push_back(from.rows(s));
    LogicalTensor<To> to(std::move(rows), from.heads(), from.width());
    for (std::size_t i = 0; i < from.values().size(); ++i) to.values()[i] = static_cast<To>(from.values()[i]);
    return to;
  }
  static LogicalTensor<float> as_float(const LogicalTensor<double>& from) { return converted<float>(from); }
  static LogicalTensor<double> as_double(const LogicalTensor<float>& from) { return converted<double>(from); }

  Misread misread_;
  Spoil spoil_;
};

}  // namespace flashdiff::testing
