#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/outcome/outcome.h"
#include "harness/run/store.h"

namespace flashdiff::cli {

/// A relation, and what stores say of it.
struct CountedRelation {
  std::string name, says, passes, needs;
  std::int64_t tried = 0, broken = 0;   ///< of cases as drawn
  std::int64_t mutants = 0, first = 0;  ///< planted bugs that it has seen; that nothing else has seen before
};

/// All that this program knows, layout equivalence first, which every case is held to.
[[nodiscard]] std::vector<CountedRelation> listed_relations();

/// Adds what a store has; a relation that it knows and this program does not gets a line of its own. Errors:
/// those of the store; a mutant's outcome that cannot be read.
[[nodiscard]] Outcome<void> count_relations(const Store& store, std::vector<CountedRelation>& relations);

/// Three lines a relation: counts where there are any, its statement, what it needs.
[[nodiscard]] std::string relations_table(const std::vector<CountedRelation>& relations, bool counted);
[[nodiscard]] nlohmann::json json_of(const std::vector<CountedRelation>& relations);

}  // namespace flashdiff::cli
