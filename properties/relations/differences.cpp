#include "properties/relations/differences.h"

#include <cmath>

#include "harness/oracle/deviations.h"

namespace flashdiff::relations {

void Differences::element(const ElementAt& at, double got, double want, double budget) {
  if (!std::isfinite(budget)) return;
  ++total_;
  const double use = detail::budget_use(got, want, budget);
  if (detail::is_wrong(use)) ++wrong_;
  if (!detail::worse(use, largest_)) return;
  largest_ = use;
  worst_ = {at, got, want, budget};
}

void Differences::row(TensorRole output, const Answered& other, RowAt of_other, const Answered& own,
                      RowAt of_own, std::span<const int> columns) {
  const auto row_of = [](const auto& tensor, RowAt at) { return tensor.row(at.sequence, at.head, at.row); };
  const float* const got = row_of(other.answer.of(output), of_other);
  const float* const want = row_of(own.answer.of(output), of_own);
  const double* const one = row_of(other.allowed.of(output).budget, of_other);
  const double* const two = row_of(own.allowed.of(output).budget, of_own);
  for (int c = 0; c < own.answer.of(output).width(); ++c) {
    const int column = columns.empty() ? c : columns[static_cast<std::size_t>(c)];
    element({output, of_own.sequence, of_own.head, of_own.row, column}, got[c], want[column],
            one[c] + two[column]);
  }
}

void Differences::rows(TensorRole output, const Answered& other, const Answered& own, const RowOf& row_of) {
  for_each_row(other.answer.of(output), [&](RowAt at) {
    if (const std::optional<RowAt> of_own = row_of(output, at)) row(output, other, at, own, *of_own);
  });
}

void Differences::all_rows(const Answered& other, const Answered& own, const RowOf& row_of) {
  for (const WantedTensor& output : other.allowed.outputs) rows(output.role, other, own, row_of);
}

void Differences::all_rows(const Answered& other, const Answered& own) {
  all_rows(other, own, [](TensorRole, RowAt at) { return at; });
}

void Differences::difference(TensorRole output, const Answered& one, const Answered& less,
                             const Answered& own) {
  const LogicalTensor<float>& want = own.answer.of(output);
  for_each_row(want, [&](RowAt at) {
    const auto row_of = [at](const auto& tensor) { return tensor.row(at.sequence, at.head, at.row); };
    const auto budget_of = [&](const Answered& said) { return row_of(said.allowed.of(output).budget); };
    const float* const a = row_of(one.answer.of(output));
    const float* const b = row_of(less.answer.of(output));
    for (int column = 0; column < want.width(); ++column)
      element({output, at.sequence, at.head, at.row, column},
              static_cast<double>(a[column]) - static_cast<double>(b[column]), row_of(want)[column],
              budget_of(one)[column] + budget_of(less)[column] + budget_of(own)[column]);
  });
}

}  // namespace flashdiff::relations
