#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/oracle/verdict.h"
#include "harness/outcome/outcome.h"
#include "harness/run/store.h"

namespace flashdiff::compare {

/// How a case's verdict stands to what it was. A case is its line and its backend.
enum class Change : std::uint8_t {
  new_failure,  ///< it was right, and is wrong
  lost_pass,    ///< it was right, and is not judged any more (unsupported, not executed)
  other_kind,   ///< wrong in another way, or right but weakly now, or the reverse
  mended,       ///< it was wrong, and is right
};
[[nodiscard]] const char* name_of(Change change);

struct ChangedCase {
  Change change = Change::new_failure;
  std::string line, backend, repro_options;
  std::string was, is;  ///< names of the verdicts
  std::string why;      ///< how the new one is explained
};

/// Most of an output's budget that a backend's passes used: the same bits give the same use, so any rise is
/// another answer, and one that is nearer to wrong.
struct UseDrift {
  std::string backend;
  TensorRole tensor = TensorRole::o;
  double was = 0, is = 0;
  std::string line;  ///< the case of `is`
};

struct CaseChanges {
  std::int64_t both = 0, only_base = 0, only_next = 0;  ///< cases; those of one alone are not compared
  std::int64_t as_before = 0;                           ///< of `both`: the same kind
  std::int64_t use_rose = 0, use_fell = 0;  ///< of those, passes that use another share of a budget
  std::vector<ChangedCase> changed;         ///< worst change first, then in the order of storing
  std::vector<UseDrift> drift;              ///< over cases of both, by backend and output
  /// New failures and lost passes.
  [[nodiscard]] std::int64_t worse() const;
};

/// Cases as drawn; what failures were shrunk to is not compared. Of a case that a store has twice, the last
/// counts. Errors: those of reading.
[[nodiscard]] Outcome<CaseChanges> compare_cases(const Store& base, const Store& next);

}  // namespace flashdiff::compare
