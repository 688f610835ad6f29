#pragma once
#include <string>
#include <string_view>

#include "harness/problem/hashes.h"

namespace flashdiff::power {

using detail::fnv1a;
/// In 16 hex digits.
[[nodiscard]] std::string hash_of(std::string_view text);

}  // namespace flashdiff::power
