#pragma once
#include <string>

#include "harness/compare/cases.h"
#include "harness/compare/counters.h"
#include "harness/compare/times.h"

namespace flashdiff::compare {

/// What two runs were compared by; what was not is absent.
struct Comparison {
  std::string base, next;  ///< names of the files
  std::optional<CaseChanges> cases;
  std::optional<CounterChanges> counters;
  std::optional<TimeChanges> times;
  std::string not_held;  ///< why counters are told and no gate, in words; empty: they are one
  /// Nothing is worse: no new failure, no lost pass, no time that is slower, no counter beyond its threshold,
  /// where they are held to it.
  [[nodiscard]] bool clean() const;
};

/// One sentence: "1 new failure and 2 lost passes in 400 cases; 3 of 812 counters worse".
[[nodiscard]] std::string in_words(const Comparison& comparison);

/// A table that people can read in a pull request: GitHub's Markdown, at most `rows` of each kind, the worst
/// first, with the command that shows a case. `program`: how it is called.
[[nodiscard]] std::string as_markdown(const Comparison& comparison, const std::string& program,
                                      std::size_t rows = 40);

}  // namespace flashdiff::compare
