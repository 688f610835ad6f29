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

/// What a backend said: outputs by logical row, and what it touched that it should not have.
struct Answer {
  LogicalTensor<float> o;
  LogicalTensor<float> lse;
  std::vector<std::byte>
      o_bytes_of_rows;  ///< exact bits of the logical rows of O, then LSE: for bitwise comparisons
  TouchedReport touched;
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

  /// Answers `sent`: hands the backend a copy, lets it write the outputs, compares everything that is not a
  /// logical row with what was sent. Errors: device_fault with the device's report, unsupported, harness.
  [[nodiscard]] Outcome<Answer> run(const LaidOut& sent);

 protected:
  explicit Backend(std::string name) : name_(std::move(name)) {}

 private:
  /// Reads q, k, v of `io` and writes o and lse in place, guard bands included as they are.
  virtual Outcome<void> do_run(LaidOut& io) = 0;
  std::string name_;
};

}  // namespace flashdiff
