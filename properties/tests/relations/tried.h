#pragma once
#include <stdexcept>
#include <string>

#include "properties/relations/relate.h"

namespace flashdiff::testing {

/// One relation of a case, tried as a worker does, but that the answer need not have passed. why_not where it
/// says nothing of the case.
inline relations::Tried tried(Backend& backend, const Case& c, const relations::Relation& relation) {
  const Numerics numerics = backend.numerics(c.problem);
  if (std::string why_not = relation.why_not(c, numerics); !why_not.empty()) return {std::move(why_not), {}};
  const auto found = detail::expected_of(c.problem, numerics);
  if (!found) throw std::invalid_argument(found.error().what);
  const Outcome<Answer> own = backend.run(lay_out(c, found->expected->data));
  if (!own) throw std::invalid_argument(own.error().what);
  relations::Trial trial(backend, c, *found->expected, *own);
  return relations::try_relation(relation, trial);
}

}  // namespace flashdiff::testing
