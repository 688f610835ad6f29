#pragma once
#include <string>
#include <string_view>

#include "harness/lint/array_reader.h"

namespace flashdiff::lint {

/// Numbers as people and Python print them: a line a row, or nested brackets (`[[1, 1, 0], [0, 1, 1]]`, also
/// within `tensor(...)` or `array(...)`); between numbers spaces, commas or both; True and False; `#` up to
/// the end of a line is a comment; an empty line is none. A word of several digits 0 and 1 with no other in
/// its text ("11001") is a row of that many. Errors: rows of different lengths, words that are no numbers,
/// `...` where a print was shortened.
[[nodiscard]] Outcome<ArrayReader> read_text_array(std::string_view text, const std::string& name);

}  // namespace flashdiff::lint
