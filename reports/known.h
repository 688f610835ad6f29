#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/record.h"

namespace flashdiff {

/// What somebody else's function does that its callers would not expect: one case, told beside a run and
/// counted nowhere.
struct KnownFinding {
  std::string about;  ///< who that is, and what is known of it
  CaseRecord record;  ///< with its verdict
};

/// What `flashdiff repro --json --backend NAME 'fd1 ...'` wrote, one a line. Errors: bad_input for a file
/// that cannot be read or holds anything else.
[[nodiscard]] Outcome<std::vector<KnownFinding>> read_known(const std::filesystem::path& file);

}  // namespace flashdiff
