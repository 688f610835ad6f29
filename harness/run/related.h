#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/oracle/verdict.h"

namespace flashdiff {

/// Which relations between answers (DESIGN, The oracle, rule 5) are tried of a case, once it has passed
/// everything else. This room knows none of them: whoever serves brings them along.
struct AskedRelations {
  std::string which = "none";  ///< "one", chosen by a hash of the case among those that apply; "all"; "none";
                               ///< or a name
  bool of_failures = false;    ///< try them also where the case has failed by itself, which stays its verdict
  bool operator==(const AskedRelations&) const = default;
};

/// What came of it.
struct Related {
  std::vector<std::string> tried;  ///< by name; the last one failed, if any did
  std::optional<Verdict> failure;
};
/// `own`: the backend's answer to the case.
using Relate = std::function<Related(Backend&, const Case&, const Answer& own, const std::string& which)>;

}  // namespace flashdiff
