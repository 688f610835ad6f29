#pragma once
#include "harness/outcome/outcome.h"
#include "harness/problem/laid_out.h"
#include "harness/timing/timed.h"

namespace flashdiff::timing {

/// A backend that can be timed on a device: it is one of these, too. Nothing is judged here; who asks for a
/// time has the case examined first.
class Timeable {
 public:
  virtual ~Timeable() = default;
  /// Launches as for an answer, over and over, between two events each. Errors: those of an answer, and of
  /// time_launches().
  [[nodiscard]] virtual Outcome<Timed> time(const LaidOut& sent, const TimingPlan& plan) = 0;
};

}  // namespace flashdiff::timing
