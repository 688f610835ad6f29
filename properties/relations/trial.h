#pragma once
#include <cstdint>

#include "harness/backend/backend.h"
#include "harness/oracle/expected.h"
#include "properties/relations/differences.h"

namespace flashdiff::relations {

/// A pass asked of some inputs, which need not be those that the problem's family would make.
struct Question {
  Problem problem;
  LogicalData data;
};

/// A case that was answered within its budgets, and whom a relation may ask more: always in the case's own
/// layout and under its poison, in a fresh workspace.
class Trial {
 public:
  /// `expected`: of the case's problem and the backend's numerics; must outlive it.
  Trial(Backend& backend, const Case& c, const detail::Expected& expected, const Answer& own)
      : backend_(backend), asked_(c), expected_(expected), own_{own, expected.wanted} {}

  [[nodiscard]] const Case& asked() const { return asked_; }
  [[nodiscard]] const Problem& problem() const { return expected_.problem; }
  [[nodiscard]] const LogicalData& data() const { return expected_.data; }
  [[nodiscard]] Question question() const { return {problem(), data()}; }
  [[nodiscard]] const Answered& own() const { return own_; }

  /// The backend's answer to another question, and its budget, by the reference. Errors: unsupported where
  /// the backend does not take it; device_fault, harness, bad_input as Backend::run and validated() say.
  [[nodiscard]] Outcome<Answered> answer(const Question& question);
  /// The same without a budget: for questions of which only the parts that are as they were can be judged.
  [[nodiscard]] Outcome<Answer> answer_alone(const Question& question);

  /// A number of the case's own, the same whenever it is tried; another for each `purpose`.
  [[nodiscard]] std::uint64_t bits(std::uint64_t purpose) const;
  /// Evenly from [0, below); 0 where that is empty.
  [[nodiscard]] int choice(std::uint64_t purpose, int below) const {
    return below < 1 ? 0 : static_cast<int>(bits(purpose) % static_cast<std::uint64_t>(below));
  }

  Differences found;
  TouchedReport touched;  ///< by any of the answers that were asked for

 private:
  Backend& backend_;
  const Case& asked_;
  const detail::Expected& expected_;
  Answered own_;
};

}  // namespace flashdiff::relations
