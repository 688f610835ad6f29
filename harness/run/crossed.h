#pragma once
#include <string>

#include "harness/oracle/cross.h"
#include "harness/outcome/outcome.h"

namespace flashdiff {

/// What a store keeps of cases that failed for one backend and that others answered too: who agrees with
/// whom, since verdicts alone, which all come from the reference, cannot show that it is wrong. By the case's
/// line.
inline constexpr const char* kept_crossed = "crossed";

[[nodiscard]] std::string text_of(const Crossed& crossed);
/// The reverse. Errors (bad_input): text that is not of that form, or that names witnesses who are not there.
[[nodiscard]] Outcome<Crossed> crossed_of(const std::string& text);

}  // namespace flashdiff
