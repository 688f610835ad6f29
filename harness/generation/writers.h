#pragma once
#include <string>

#include "harness/generation/scenario.h"

namespace flashdiff::generation {

/// The table, one line a convention, and below it what each unsafe line means: the first divergent step, row
/// and head, by how much, a picture of the row's slots, and what to do instead. `colour`: ANSI colours.
[[nodiscard]] std::string as_text(const Table& table, bool colour);

/// The same as one JSON object; README.md tells its keys. `flashdiff report --generation` reads it.
[[nodiscard]] std::string as_json(const Table& table);

/// A cell in a sentence: "row 1, token 12, head 3 in step 0: 41 times its budget: it sees ...".
[[nodiscard]] std::string in_words(const Cell& cell);

}  // namespace flashdiff::generation
