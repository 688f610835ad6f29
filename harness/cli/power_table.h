#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "harness/run/record.h"
#include "harness/score/score.h"
#include "properties/power/power.h"

namespace flashdiff::cli {

/// What `power` prints: three lines a mutant (what became of it, its evidence, the command that shows it), a
/// line a kernel as it is, a line a rule of another project, and the score.
[[nodiscard]] std::string power_table(const power::PowerResult& result, const power::Score& score);

/// The same for machines: {"context", "score", "rules", "mutants", "kernels", "broken", "examined",
/// "finished"}.
[[nodiscard]] nlohmann::json power_json(const power::PowerResult& result, const power::Score& score,
                                        const RunContext& context);

/// The smallest case of every mutant that was found, each once, as a corpus for `check --corpus`: above each
/// the mutants that it shows.
[[nodiscard]] std::string smallest_cases(const power::PowerResult& result);

}  // namespace flashdiff::cli
