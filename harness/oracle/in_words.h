#pragma once
#include <string>

#include "harness/oracle/verdict.h"

namespace flashdiff {

// Parts of what a verdict says, for whoever tells it field by field; explain() is the whole sentence.

/// "O 0.9, LSE 0.02": how much of its budget each output used.
[[nodiscard]] std::string in_words(const BudgetUse& use);
/// "O, sequence 2, head 1, row 30, column 7".
[[nodiscard]] std::string in_words(const ElementAt& at);

}  // namespace flashdiff
