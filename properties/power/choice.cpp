#include "properties/power/choice.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "properties/power/hash.h"

namespace flashdiff::power {

std::string hash_of(std::string_view text) { return fmt::format("{:016x}", fnv1a(text)); }

std::vector<Mutant> a_tenth_of(const std::vector<Mutant>& mutants) {
  // Quick ones first, then by the hash.
  const auto order = [](const Mutant& mutant) { return std::pair(mutant.only.empty(), fnv1a(mutant.name)); };
  std::map<std::string, std::pair<bool, std::uint64_t>> first;  // of each kernel
  for (const Mutant& mutant : mutants) {
    const auto [known, is_new] = first.emplace(mutant.kernel, order(mutant));
    if (!is_new) known->second = std::min(known->second, order(mutant));
  }
  std::vector<Mutant> chosen;
  for (const Mutant& mutant : mutants) {
    const bool in_the_tenth = !mutant.only.empty() && fnv1a(mutant.name) % 10 == 0;
    if (in_the_tenth || order(mutant) == first.at(mutant.kernel)) chosen.push_back(mutant);
  }
  return chosen;
}

}  // namespace flashdiff::power
