#pragma once
#include <cstdint>
#include <vector>

#include <rapidcheck.h>

#include "harness/outcome/outcome.h"
#include "properties/any_case.h"
#include "properties/mutants/mutant.h"

namespace flashdiff::power {

/// Which random cases a mutant is looked for with.
struct CasesOf {
  CaseOptions options;
  std::vector<RopeForm> forms;  ///< of rotary embeddings; empty: both
};
/// Cases that the mutant's image has entries for, as far as an entry's name tells: its dtype, head dims up to
/// the entry's, score modifiers where it has _mod, its rotary embedding's form; of its kernel's pass, with as
/// many queries as it takes; of none has what `without` lists. Errors (bad_input): no such kernel, `only`
/// names no entry.
[[nodiscard]] Outcome<CasesOf> cases_for(const Mutant& mutant, const std::vector<Extra>& without = {});

/// Case `index` of a seed, with its shrink tree: a pure function of its arguments.
[[nodiscard]] rc::Shrinkable<Case> draw(std::uint64_t seed, std::uint64_t index, const CasesOf& cases);

}  // namespace flashdiff::power
