#pragma once
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/oracle/verdict.h"

namespace flashdiff {

/// One answer to a case: O by whom, and how far from the right one it may be, element by element, by its own
/// declaration. The reference is a witness like any other, of budget 0: what it errs by is part of every
/// other's.
struct Testimony {
  std::string by;
  LogicalTensor<double> o, budget;
};

/// Two of them: the most that they differ by, over what both budgets allow together. Both can be right only
/// if that is at most 1.
struct Compared {
  std::size_t one = 0, other = 0;  ///< of the testimonies
  double use = 0;                  ///< infinity where both budgets are 0; NaN is no agreement
  ElementAt worst;
  [[nodiscard]] bool agree() const { return use <= 1; }
};

/// Who agrees with whom. Rule 1 compares everybody with the reference and so cannot see a wrong one; here the
/// most witnesses that all agree with each other are believed, and whoever is not among them is named.
/// Budgets are derived from the reference's weights: where it is wrong they have about their right size,
/// which is enough to see who stands alone, and no verdict depends on them.
struct CrossExamination {
  std::vector<Testimony> testimonies;
  std::vector<Compared> pairs;     ///< every two
  std::vector<std::size_t> alone;  ///< who is outvoted; empty where all agree, and where nobody can say
  bool decided = false;            ///< more than half agree with each other, and it could be no others
  std::string in{};  ///< "lay=both poison=inf" where it is not the layout that was asked; see below
};
[[nodiscard]] CrossExamination cross_examine(std::vector<Testimony> testimonies);

/// The same without the answers, small enough to be kept beside a case.
struct Crossed {
  std::vector<std::string> witnesses;
  std::vector<Compared> pairs;
  std::vector<std::size_t> alone;
  bool decided = false;
  std::string in{};
};
[[nodiscard]] Crossed without_answers(const CrossExamination& examined);

/// The reference's testimony and that of each backend that takes the case. Errors: those of run(), inputs
/// that cannot be made, a backend that refuses (unsupported, with its reason).
[[nodiscard]] Outcome<std::vector<Testimony>> testimonies_of(const Case& c,
                                                             const std::vector<Backend*>& backends);

/// Everybody is asked the case; where all agree about it, each of the other layouts that examine() holds the
/// first of them to and that all take, until somebody disagrees: a failure may be of another layout than the
/// one that was drawn. Errors: those of testimonies_of.
[[nodiscard]] Outcome<CrossExamination> cross_examine(const Case& c, const std::vector<Backend*>& backends);

/// A line for every two, and one that says who stands alone.
[[nodiscard]] std::string explain(const CrossExamination& examined);
/// Who stands alone, or why nobody is named; a sentence.
[[nodiscard]] std::string conclusion_of(const Crossed& crossed);

}  // namespace flashdiff
