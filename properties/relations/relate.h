#pragma once
#include <optional>
#include <string>

#include "harness/run/related.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {

/// What came of trying one relation of a case.
struct Tried {
  std::string why_not;  ///< empty where it was tried, else why it could not be
  std::optional<Verdict>
      failure;  ///< BrokenRelation; or a fault, or padding that was touched, by what it asked
};
[[nodiscard]] Tried try_relation(const Relation& relation, Trial& trial);

/// What a worker is handed (run/serve.h). "one": of all relations in an order that a hash of the case draws,
/// the first that could be tried. "all" ends with the first that fails. Nothing is tried where the case
/// cannot be made or the name is none.
[[nodiscard]] Related relate(Backend& backend, const Case& c, const Answer& own, const std::string& which);

}  // namespace flashdiff::relations
