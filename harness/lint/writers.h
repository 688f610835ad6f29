#pragma once
#include <string>

#include "harness/lint/lint.h"

namespace flashdiff::lint {

struct TextOptions {
  int rows = 20;  ///< rows of a table, the others are counted
  bool colour = false;
};
/// For people: each step's rows, how they can be handed to a kernel, and what was found.
[[nodiscard]] std::string as_text(const Report& report, const TextOptions& options = {});
/// What `--explain` tells of a rule.
[[nodiscard]] std::string explained(const Rule& rule);

}  // namespace flashdiff::lint
