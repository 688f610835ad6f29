#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/oracle/wanted.h"
#include "harness/score/hunted.h"
#include "properties/power/plain.h"

namespace flashdiff::power {

/// One answer, as an acceptance rule is shown it.
struct Shown {
  const Case& question;
  const Answer& got;
  const Wanted& wanted;  ///< in double: every project's "reference in high precision"
  const Plain& plain;    ///< the plain implementation in the dtype itself
};

/// How another project decides that an attention kernel is right, from its published statement. Compared
/// with ours, never a verdict. An element that equals what is wanted has error 0, infinities included; a NaN
/// is accepted by none of them.
struct OtherRule {
  const char* name;       ///< "FlashAttention 2"
  const char* statement;  ///< in one line
  /// Nothing where the project says nothing of this dtype or pass.
  std::optional<bool> (*accepts)(const Shown&);
};
/// In a fixed order. Not among them: the ROCm accuracy contract of ck_tile, whose constants are not published
/// with its formula.
[[nodiscard]] std::span<const OtherRule> other_rules();

/// What each of them says of a backend's answer to a case, one character a rule: '+' accepts, '-' rejects,
/// '.' says nothing. Empty where there is no answer to show (unsupported, a fault) or no reference (an
/// append).
[[nodiscard]] std::string ask_other_rules(Backend& backend, const Case& c);

/// Counts what was said of one answer.
void add_to(std::vector<RuleCount>& rules, const std::string& said);

}  // namespace flashdiff::power
