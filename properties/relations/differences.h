#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "harness/backend/backend.h"
#include "harness/oracle/verdict.h"
#include "harness/oracle/wanted.h"

namespace flashdiff::relations {

/// What a backend said, and how far each element of it may be from what is right.
struct Answered {
  Answer answer;
  Wanted allowed;  ///< its budgets; what it wants is the reference's, and no relation looks at it
};

/// A row of an output.
struct RowAt {
  int sequence = 0, head = 0, row = 0;
  bool operator==(const RowAt&) const = default;
};

/// Which row of the case's own answer a row of another answer should equal; nothing: no word about it.
using RowOf = std::function<std::optional<RowAt>(TensorRole output, RowAt of_other)>;

/// What a relation has compared, and the worst of it.
class Differences {
 public:
  /// One element: |got - want| <= budget, or wrong; NaN is wrong. Where the budget is infinite, or a weight
  /// of 0 times infinite (NaN), nothing is compared: the answers may be anything there.
  void element(const ElementAt& at, double got, double want, double budget);

  /// A row of another answer and one of the case's own, which is where differences are reported: no further
  /// apart than both budgets together. `columns`: which of its own each of the other's columns is; empty: the
  /// same.
  void row(TensorRole output, const Answered& other, RowAt of_other, const Answered& own, RowAt of_own,
           std::span<const int> columns = {});
  /// Every row of an output of the other answer.
  void rows(TensorRole output, const Answered& other, const Answered& own, const RowOf& row_of);
  /// The same of all outputs that are judged at all.
  void all_rows(const Answered& other, const Answered& own, const RowOf& row_of);
  /// The same, each row its own.
  void all_rows(const Answered& other, const Answered& own);
  /// Every element of an output of the case's own is `one`'s less `less`'s.
  void difference(TensorRole output, const Answered& one, const Answered& less, const Answered& own);

  [[nodiscard]] std::int64_t wrong() const { return wrong_; }
  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] const WorstElement& worst() const { return worst_; }

 private:
  std::int64_t wrong_ = 0, total_ = 0;
  double largest_ = 0;
  WorstElement worst_;
};

/// Visits every row of a tensor.
template <class T, class Visit>
void for_each_row(const LogicalTensor<T>& tensor, Visit visit) {
  for (int s = 0; s < tensor.sequences(); ++s)
    for (int head = 0; head < tensor.heads(); ++head)
      for (int row = 0; row < tensor.rows(s); ++row) visit(RowAt{s, head, row});
}

}  // namespace flashdiff::relations
