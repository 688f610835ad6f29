#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/oracle/verdict.h"
#include "harness/oracle/wanted.h"

namespace flashdiff::detail {

/// Rule 2. A budget is of one element and of the worst case; errors that are small but all to one side need
/// sums over many. The model of a correct kernel's error, element by element:
///
///   got - want = r + s     r: rounding of the output, and of P or dS, to 16 bits: mean 0
///                          s: all the rest, to one side in the worst case (reference/row_errors.h has both)
///
/// A test adds up a_rc (got - want) with weights a that are known before the answer is. A correct kernel's
/// sum is within sum |a| lean + z sd, but for one in e^(z^2 / 2) / 2 cases: a sum of independent uniform
/// numbers is sub-Gaussian with its own variance (Boucheron, Lugosi, Massart, Concentration Inequalities, 2.3
/// and 2.4), no matter how few they are.
///
///   gain     a = want times the row's weight, divided by what sum a want is
///   mean     a = 1 times the row's weight, divided by what sum a is
///   row sum  the sums of each row, squared: sum max(|sum_c e_rc| - lean, 0)^2 / variance, which exceeds N +
///            2 sqrt(N t) + 2 t in one of e^t cases (Hsu, Kakade, Zhang, arXiv:1110.2842, for a diagonal):
///            rows that lean, each to another side
///
/// of each head (all sequences together) and of each tensor.
struct BiasOf {
  TensorRole tensor = TensorRole::o;
  verdict::BiasTest test = verdict::BiasTest::gain;
  int head = -1;         ///< -1: all of them
  double effect = 0;     ///< what verdict::Bias has; of a row sum the root mean square
  double lean = 0;       ///< the most that a correct kernel's may be by what is not random
  double deviation = 0;  ///< of a correct kernel's
  double chance = 1;     ///< that it shows as much, of this test alone; an upper bound
};

/// Every test that the model has something random for: none in f32, where all errors are of s.
[[nodiscard]] std::vector<BiasOf> biases(const Numerics& numerics, const Wanted& wanted,
                                         const Answer& answer);

/// The same tests where copies among roundings (README) are not looked for, which costs more than all else:
/// they find all that `bias` does, and now and then more. Fed head by head, so that who reads an answer for
/// another reason need not read it again. What it is made of must outlive it.
class BiasAtFirstSight {
 public:
  BiasAtFirstSight(const Numerics& numerics, const Wanted& wanted, const Answer& answer);
  ~BiasAtFirstSight();
  BiasAtFirstSight(const BiasAtFirstSight&) = delete;
  BiasAtFirstSight& operator=(const BiasAtFirstSight&) = delete;
  /// Every head of every sequence of every output, by its place in Wanted, once; of a head in the order of
  /// sequences.
  void add(std::size_t output, int sequence, int head);
  /// After that: false where `bias` finds nothing.
  [[nodiscard]] bool is_possible() const;

 private:
  struct Tests;
  std::unique_ptr<Tests> tests_;
};

/// Of the tests above the one that a correct kernel is least likely to give, where that is below what a run
/// allows itself (kAlarmsOfARun). `use` is left empty. For answers whose elements are all within their
/// budgets.
[[nodiscard]] std::optional<verdict::Bias> bias(const Numerics& numerics, const Wanted& wanted,
                                                const Answer& answer);

/// False alarms of rule 2 that are expected in a whole run of so many cases, at most, fixed before any kernel
/// was looked at: a run of a month's nights once in a thousand. Spread evenly over its cases, and over the
/// tests of each (Bonferroni, so it holds however the tests depend on one another).
inline constexpr double kAlarmsOfARun = 1e-3;
inline constexpr double kCasesOfARun = 1e6;

/// "every row of head 2 is 0.03 % too small ...; as if P were cut off, not rounded, to f16".
[[nodiscard]] std::string bias_words(const Numerics& numerics, const Wanted& wanted, const Answer& answer,
                                     const BiasOf& found);

}  // namespace flashdiff::detail
