#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/oracle/verdict.h"
#include "harness/oracle/wanted.h"

namespace flashdiff {

/// Rule 1 (budget of every output of the pass), rule 3 (untouched) and rule 2 (bias.h) for one answer, in
/// this order. `!(err <= budget)` is wrong, so NaN fails.
[[nodiscard]] Verdict judge(const Case& c, const Numerics& numerics, const Wanted& wanted,
                            const Answer& answer);

/// The bits of this output are the same on every run, whatever the padding.
[[nodiscard]] bool keeps_bits(const Numerics& numerics, TensorRole output);

/// Layout equivalence: bits of the logical rows equal, in the outputs that keep them. Pass when they are;
/// NotEquivalent names the first that differs.
[[nodiscard]] Verdict judge_equivalent(const Numerics& numerics, const Answer& a, const Case& other,
                                       const Answer& b);

/// What an error of Backend::run, after so many seconds, says of the kernel: a fault, a crash or a timeout,
/// which are failures; or that the case is unsupported, or was not executed. `where` stands before its words.
[[nodiscard]] Verdict verdict_of(const Error& error, double seconds, const std::string& where = {});

/// The whole examination of one case by one backend, as a worker does it: supports, lay out, run, judge; then
/// the same problem in another padding and under another poison, bit for bit where the backend keeps bits,
/// else within the budget (one other layout, chosen by a hash of the case; all of them where the case is
/// small). Never throws for what a kernel does. What the harness could not do (a capture that cannot be read)
/// is NotExecuted, never a pass.
struct Examination {
  Verdict verdict;
  double device_ms = 0;            ///< the case's own run; the other layouts are not counted
  double reference_ms = 0;         ///< 0 where the reference was still known from the case before
  std::optional<Answer> answer{};  ///< to the case itself, where there is one
  std::vector<std::string>
      relations{};  ///< that were tried of it, by name (rule 5), the one that failed last
};
/// What layout equivalence is called among relations.
inline constexpr const char* layouts_relation = "layouts";
[[nodiscard]] Examination examine(Backend& backend, const Case& c);

}  // namespace flashdiff
