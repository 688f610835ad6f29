#pragma once
#include "harness/outcome/outcome.h"
#include "properties/any_case.h"
#include "properties/mutants/mutant.h"

namespace flashdiff::power {

/// Cases that the mutant's image has entries for, as far as an entry's name tells: its dtype, and head dims
/// up to the entry's. Everything for an image with all entries. Errors (bad_input): `only` names no entry.
[[nodiscard]] Outcome<CaseOptions> cases_for(const Mutant& mutant);

}  // namespace flashdiff::power
