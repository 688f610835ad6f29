#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "harness/oracle/verdict.h"

namespace flashdiff {

/// How the cases of a class ended.
struct Tally {
  std::int64_t passed = 0, weak = 0, failed = 0, unsupported = 0, not_executed = 0;

  void add(const Verdict& verdict);
  [[nodiscard]] std::int64_t judged() const { return passed + weak + failed; }
  [[nodiscard]] std::int64_t cases() const { return judged() + unsupported + not_executed; }
  Tally& operator+=(const Tally& other);
  [[nodiscard]] Tally operator-(const Tally& part) const;  ///< what is left without a part of it
  bool operator==(const Tally&) const = default;
};

/// Worse means more failures a judged case, then more failures, then more weak passes a judged case. A
/// class in which nothing was judged is never worse.
[[nodiscard]] bool worse(const Tally& a, const Tally& b);

/// How much of its budgets an answer used, where it was compared with any.
[[nodiscard]] std::optional<BudgetUse> use_of(const Verdict& verdict);

/// Keeps the larger use of each output.
void keep_most(BudgetUse& most, const BudgetUse& use);

/// Orders uses: NaN is above everything.
[[nodiscard]] bool uses_more(double a, double b);

}  // namespace flashdiff
