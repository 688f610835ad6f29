#include <algorithm>
#include <cmath>

#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"
#include "properties/relations/changed.h"
#include "properties/relations/relation.h"

namespace flashdiff::relations {
namespace {

std::string why_not(const Case& c, const Numerics&) {
  if (c.problem.softcap) return "a softcap is not the same for scores that are shifted";
  return c.problem.sink ? "a sink stays where it is" : "";
}

/// K on a grid on which K + c is as exact as K: a column's values are at most 2^(p - 1) steps of its grid, p
/// the bits of the dtype's significand, and its c, the same for all keys, is 2^(p - 2) of them.
struct Shifted {
  LogicalTensor<float> k, k_plus_c;
  std::vector<std::vector<float>> c;  ///< [kv head][column]
  bool overflows = false;
};

Shifted shifted(const Trial& trial) {
  const LogicalTensor<float>& from = trial.data().k;
  const Format format = format_of(trial.problem().dtype);
  Shifted made{from, from, {}};
  for (int head = 0; head < from.heads(); ++head) {
    const detail::RowKey signs(trial.bits(static_cast<std::uint64_t>(head)));
    made.c.emplace_back();
    for (int column = 0; column < from.width(); ++column) {
      double largest = format.smallest_normal;
      for (int s = 0; s < from.sequences(); ++s)
        for (int row = 0; row < from.rows(s); ++row)
          largest = std::max(largest, std::fabs(static_cast<double>(from.row(s, head, row)[column])));
      const double reach = std::exp2(std::ceil(std::log2(largest)) + 1);
      const double step = reach * format.unit_roundoff;  // at least the smallest subnormal
      const double sign = (signs.bits(static_cast<std::uint32_t>(column)) & 1u) != 0 ? 1 : -1;
      const auto c = static_cast<float>(sign * reach / 4);
      made.overflows = made.overflows || 0.75 * reach > format.largest_finite;
      made.c.back().push_back(c);
      for (int s = 0; s < from.sequences(); ++s)
        for (int row = 0; row < from.rows(s); ++row) {
          const double value = step * std::nearbyint(from.row(s, head, row)[column] / step);
          made.k.row(s, head, row)[column] = static_cast<float>(value);
          made.k_plus_c.row(s, head, row)[column] = static_cast<float>(value + c);
        }
    }
  }
  return made;
}

Outcome<void> hold(Trial& trial) {
  const Shifted made = shifted(trial);
  if (made.overflows) return unsupported("K is too large to be shifted");
  Question question = trial.question();
  question.data.k = made.k;
  const Outcome<Answered> before = trial.answer(question);
  if (!before) return tl::unexpected<Error>(before.error());
  question.data.k = made.k_plus_c;
  const Outcome<Answered> after = trial.answer(question);
  if (!after) return tl::unexpected<Error>(after.error());
  trial.found.rows(TensorRole::o, *after, *before, [](TensorRole, RowAt at) { return at; });
  if (!after->allowed.has(TensorRole::lse)) return {};
  const Problem& problem = trial.problem();
  for_each_row(after->answer.lse, [&](RowAt at) {
    const float* const q = trial.data().q.row(at.sequence, at.head, at.row);
    double dot = 0;
    for (int column = 0; column < problem.d_qk; ++column)
      dot +=
          static_cast<double>(q[column]) *
          static_cast<double>(
              made.c[static_cast<std::size_t>(at.head / problem.group())][static_cast<std::size_t>(column)]);
    const auto of_row = [at](const auto& tensor) { return *tensor.row(at.sequence, at.head, at.row); };
    trial.found.element({TensorRole::lse, at.sequence, at.head, at.row, 0}, of_row(after->answer.lse),
                        static_cast<double>(of_row(before->answer.lse)) + problem.softmax_scale() * dot,
                        of_row(after->allowed.of(TensorRole::lse).budget) +
                            of_row(before->allowed.of(TensorRole::lse).budget));
  });
  return {};
}

}  // namespace

Relation k_plus_c() {
  return {"k-plus-c",      "K + c gives the same O, and LSE + scale q.c",
          {Pass::forward}, "no softcap, no sink; LSE for its half",
          why_not,         hold};
}

}  // namespace flashdiff::relations
