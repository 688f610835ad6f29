#pragma once
#include <string>

#include "harness/cli/subject.h"
#include "harness/oracle/verdict.h"

namespace flashdiff::cli {

/// What `repro` prints below a verdict's name: the worst element, the budget that was used, where it is
/// wrong, what the device reported. Lines that end in a line feed.
[[nodiscard]] std::string details_of(const Verdict& verdict);

/// The command that runs a case again as it was run, ready for a shell.
[[nodiscard]] std::string repro_command(const SubjectWords& subject, const std::string& backend,
                                        const std::string& line);

}  // namespace flashdiff::cli
