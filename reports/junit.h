#pragma once
#include <string>

#include "reports/model.h"

namespace flashdiff {

/// Above so many cases, those that are not wrong are told together, one testcase a class (backend, phase,
/// dtype) and way of ending; so are the wrong ones of a backend behind as many.
inline constexpr std::int64_t most_junit_cases = 5'000;

/// JUnit XML as Jenkins' and GitLab's readers take it: one testsuite a backend, one testcase a case, named by
/// its line (the same in every run that draws it; a line that comes again gets a number). failure: wrong
/// numbers or bytes; error: crash, timeout, device fault; skipped: unsupported or not executed, with the
/// reason.
[[nodiscard]] std::string junit_xml(const Report& report);

}  // namespace flashdiff
