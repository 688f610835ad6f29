#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "harness/oracle/verdict.h"
#include "harness/outcome/outcome.h"

namespace flashdiff {

/// A verdict as the store and a worker's answer hold it: {"kind": name_of(verdict), ...its fields}. Numbers
/// that JSON has not (NaN, infinities) are the strings "nan", "inf", "-inf".
[[nodiscard]] nlohmann::json json_of(const Verdict& verdict);

/// The reverse. Errors (bad_input): an unknown kind, a missing or mistyped field, by name.
[[nodiscard]] Outcome<Verdict> verdict_of_json(const nlohmann::json& json);

}  // namespace flashdiff
