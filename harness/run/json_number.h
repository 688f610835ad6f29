#pragma once
#include <nlohmann/json.hpp>

namespace flashdiff::detail {

/// JSON has no infinity and no NaN: those are "inf", "-inf" and "nan" in a store.
[[nodiscard]] nlohmann::json number(double value);
/// The reverse. Throws for any other word.
[[nodiscard]] double number_of(const nlohmann::json& from);

}  // namespace flashdiff::detail
