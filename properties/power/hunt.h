#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/case.h"
#include "harness/score/hunted.h"
#include "properties/extras.h"
#include "properties/mutants/mutant.h"

namespace flashdiff::power {

/// What a kernel's answer to a case came to.
struct Seen {
  Verdict verdict;
  std::string rules;     ///< as ask_other_rules says it
  std::string broken{};  ///< relation that is broken: the verdict's, or besides it; empty: none
};
using Ask = std::function<Outcome<Seen>(const Case&)>;

/// Executions that a shrinking may take, and seconds: a case that hangs takes long to say so.
inline constexpr int most_executions = 200;
inline constexpr double most_shrink_seconds = 120;
/// Answers that never came, after which other projects' rules are not asked any more.
inline constexpr int most_silent = 10;

/// Hunts one mutant: random cases of `hunted.seed` until one fails, on to the first failure of the kind that
/// the mutant's file expects, on to the first that each of the other projects' rules rejects, at most
/// `hunted.most` cases. The failure of the expected kind (else the first) is shrunk while it keeps its kind
/// (of a broken relation, while that one is broken: `alike` says whom to ask for it); the kernel as it is
/// must answer the shrunk case rightly. Begins where `hunted` stands; `save` is told after each case. Returns
/// early when `stop` says so, with `hunted.ended` false. Errors: those of the asked, of `save` and of
/// cases_for.
struct Hunt {
  const Mutant& mutant;
  Ask wrong, right;
  bool other_rules = true;
  std::function<Outcome<void>(const Hunted&)> save;
  const std::atomic<bool>& stop;
  std::function<Ask(const Seen& failure)> alike{};  ///< empty: `wrong`, whatever the failure
  std::vector<Extra> without{};                     ///< what no case has

  [[nodiscard]] Outcome<void> run(Hunted& hunted) const;

 private:
  [[nodiscard]] Outcome<void> count_rules(Hunted& hunted, const std::string& said, std::uint64_t index,
                                          const Case& c) const;
  [[nodiscard]] Outcome<void> shrink(Hunted& hunted, std::uint64_t index) const;
  [[nodiscard]] bool done(const Hunted& hunted) const;
};

}  // namespace flashdiff::power
