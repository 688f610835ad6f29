#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/score/hunted.h"

namespace flashdiff::power {

/// Kinds of what a store keeps of a hunt (Store::keep): a mutant's Hunted by its name; parts of a Sound.
inline constexpr const char* kept_mutants = "power.mutant";
inline constexpr const char* kept_kernels = "power.kernel";

/// Adds a part of a kernel's cases to the others.
void add_to(Sound& whole, const Sound& part);

/// "mismatch: O, LSE"; "survived"; "survived, as argued".
[[nodiscard]] std::string killer_of(const Hunted& hunted);
/// "yes", or what is not as the mutant's file says; empty of a survivor of which that is nothing else.
[[nodiscard]] std::string explained(const Hunted& hunted);
/// "9 of 10, not FlexAttention", of the rules that say something of its answers; "no answer" where none came;
/// empty where they were not asked.
[[nodiscard]] std::string killed_by_others(const Hunted& hunted);

/// The mutation score, and what other projects' rules reach on the same answers.
struct Score {
  std::int64_t planted = 0;                        ///< mutants whose hunt has ended, but for equivalent ones
  std::int64_t killed = 0;                         ///< of those
  std::int64_t equivalent = 0;                     ///< argued to be; not among the planted
  std::int64_t unlike = 0;                         ///< killed, but not in the way that their files say
  std::uint64_t median_cases = 0, most_cases = 0;  ///< to the first kill, the case included
  std::int64_t alarms = 0;  ///< failures of kernels as they are, smallest cases of mutants included
  std::int64_t judged = 0;  ///< cases that these were asked

  struct Rule {
    std::string name;
    std::int64_t asked = 0;                ///< of the planted: it says something of at least one answer
    std::int64_t killed = 0;               ///< of those
    std::int64_t alarms = 0, judged = 0;   ///< on kernels as they are: rejected, of so many
    std::vector<std::string> only_theirs;  ///< mutants that it kills and our rules do not
    std::vector<std::string> sooner;       ///< mutants that it kills by an earlier case than our rules
  };
  std::vector<Rule> rules;
};
/// "57 of 60 mutants killed (95 %), by 4 cases in the median, 184 at most; 2 not as told; 0 false alarms in
/// 3,600 cases of the kernels as they are".
[[nodiscard]] std::string words_of(const Score& score);
[[nodiscard]] Score score_of(std::span<const Hunted> hunted, std::span<const Sound> sound);

}  // namespace flashdiff::power
