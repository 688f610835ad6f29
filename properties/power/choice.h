#pragma once
#include <string>
#include <vector>

#include "properties/mutants/mutant.h"

namespace flashdiff::power {

/// A fixed tenth of them, by a hash of their names, and at least one of each kernel: what every `./run test`
/// hunts. Another mutant more or less changes nothing about the others. Those whose image has every entry,
/// and so takes nvcc half a minute, are chosen only where their kernel has no other.
[[nodiscard]] std::vector<Mutant> a_tenth_of(const std::vector<Mutant>& mutants);

}  // namespace flashdiff::power
