#pragma once
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "harness/softcuda/ptx/module.h"

namespace softcuda::ptx {

/// Parses a whole module. Strict: a directive, a literal or a punctuation that the grammar does not know is
/// an error that names the line, never skipped. Takes hostile input: bounded recursion, no crash, memory
/// proportional to the text, beyond a fixed Allowance (cursor.h).
[[nodiscard]] tl::expected<Module, ParseError> parse(std::string_view text, std::string name);

}  // namespace softcuda::ptx
