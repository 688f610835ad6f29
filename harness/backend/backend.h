#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"
#include "harness/problem/numerics.h"

namespace flashdiff {

/// Yes, or no with a reason in words.
struct Support {
  bool yes = true;
  std::string why_not;
};

/// What a backend said: outputs of the case's pass by logical row (the others are empty), and what it touched
/// that it should not have.
struct Answer {
  LogicalTensor<float> o, lse;
  LogicalTensor<float> dq, dk, dv;
  LogicalTensor<float> q_rot, k, v;  ///< of an append; K and V: the new tokens' rows of the cache
  /// Exact bits of the logical rows of each output in the order of outputs_of(): for bitwise comparisons.
  std::vector<std::byte> bytes_of_rows;
  TouchedReport touched;

  /// An output of some pass.
  [[nodiscard]] LogicalTensor<float>& of(TensorRole output);
  [[nodiscard]] const LogicalTensor<float>& of(TensorRole output) const;
};

/// Someone who answers a problem: the in-repo kernels, a vendor's library, the reference itself. The public
/// call is not virtual: poison, guard bands and canaries are there once, and a backend cannot forget them.
class Backend {
 public:
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] virtual Support supports(const Case& c) const = 0;
  [[nodiscard]] virtual Numerics numerics(const Problem& problem) const = 0;
  /// What it turned out to be on this machine, for `flashdiff backends`: a version, which way it takes. One
  /// line; empty where its description says all.
  [[nodiscard]] virtual std::string about() const { return {}; }

  /// Answers `sent`: hands the backend a copy, lets it write the outputs, compares everything that is not a
  /// logical row with what was sent. Where the case comes after another call, that is made first, on the same
  /// workspace; its answer is nobody's business, its faults are. Errors: device_fault with the device's
  /// report, unsupported, harness.
  [[nodiscard]] Outcome<Answer> run(const LaidOut& sent);

 protected:
  explicit Backend(std::string name) : name_(std::move(name)) {}
  /// The error of the first of two calls, which says so.
  [[nodiscard]] static tl::unexpected<Error> of_the_call_before(const LaidOut& first, Error error);

 private:
  /// Reads the inputs of `io` and writes the outputs in place, guard bands included as they are.
  virtual Outcome<void> do_run(LaidOut& io) = 0;
  /// Two calls in a row, the second on the workspace as the first has left it. Whose memory does not outlive
  /// a call just answers twice.
  virtual Outcome<void> do_run_twice(LaidOut& first, LaidOut& second);
  Outcome<void> run_after_another(LaidOut& io);
  std::string name_;
};

}  // namespace flashdiff
