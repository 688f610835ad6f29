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
/// The same as one JSON document, for programs.
[[nodiscard]] std::string as_json(const Report& report);
/// The findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for code scanning
/// views. `version`: the program's.
[[nodiscard]] std::string as_sarif(const Report& report, const std::string& version);
/// What `--explain` tells of a rule.
[[nodiscard]] std::string explained(const Rule& rule);

}  // namespace flashdiff::lint
