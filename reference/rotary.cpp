#include "reference/rotary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/budget.h"

namespace flashdiff {
namespace budget {

// Each product rounds once, then their sum; fused, one product less. The reference's products of two f32
// numbers are exact in double, its sum is not.
double turned_relative(const Numerics& numerics) {
  return compounded(unit_roundoff(numerics.qk), 2) + unit_roundoff(Accumulation::f64);
}

// Two products and their sum.
double turned_underflow(const Numerics& numerics) {
  return 3 * underflow(numerics.qk, numerics.flush_subnormals);
}

}  // namespace budget

namespace {

/// Pair `number` of a turned row: columns x and y, and the cosine and sine of its angle.
struct Pair {
  int sequence, head, row, number;
  int x, y;
  double cos, sin;
};

/// Visits every pair of a turned tensor of so many heads.
template <class Visit>
void for_each_pair(const Problem& problem, const LogicalData& data, int heads, Visit visit) {
  const int pairs = problem.rope_dim() / 2;
  for (int s = 0; s < problem.batch(); ++s) {
    const auto [q_len, kv_len] = problem.sequences[static_cast<std::size_t>(s)];
    for (int h = 0; h < heads; ++h)
      for (int i = 0; i < q_len; ++i) {
        const float* const table = pairs == 0 ? nullptr : data.rope.row(0, 0, kv_len - q_len + i);
        for (int j = 0; j < pairs; ++j) {
          const bool half = problem.rope->form == RopeForm::half;
          const int x = half ? j : 2 * j, y = half ? j + pairs : 2 * j + 1;
          visit(Pair{s, h, i, j, x, y, static_cast<double>(table[j]), static_cast<double>(table[pairs + j])});
        }
      }
  }
}

std::vector<int> new_rows(const Problem& problem) {
  std::vector<int> rows;
  for (const SequenceLengths& lengths : problem.sequences) rows.push_back(lengths.q_len);
  return rows;
}

LogicalTensor<double> copied(const Problem& problem, const LogicalTensor<float>& from) {
  LogicalTensor<double> to(new_rows(problem), from.heads(), from.width());
  std::copy(from.values().begin(), from.values().end(), to.values().begin());
  return to;
}

LogicalTensor<double> turned(const Problem& problem, const LogicalData& data,
                             const LogicalTensor<float>& from) {
  LogicalTensor<double> to = copied(problem, from);
  for_each_pair(problem, data, from.heads(), [&](const Pair& at) {
    const float* const in = from.row(at.sequence, at.head, at.row);
    double* const out = to.row(at.sequence, at.head, at.row);
    out[at.x] = in[at.x] * at.cos - in[at.y] * at.sin;
    out[at.y] = in[at.y] * at.cos + in[at.x] * at.sin;
  });
  return to;
}

/// Of a turned tensor; 0 where nothing is turned.
LogicalTensor<double> turned_budget(const Problem& problem, const LogicalData& data, const Numerics& numerics,
                                    const LogicalTensor<float>& from, const LogicalTensor<double>& values) {
  const double relative = budget::turned_relative(numerics), absolute = budget::turned_underflow(numerics);
  const budget::OutputRounding output = budget::output_rounding(numerics);
  const auto bound = [&](double magnitude, double value) {
    const double error = relative * magnitude + absolute;
    const double largest = std::fabs(value) + error;
    return largest < output.overflow ? error + largest * output.relative + output.absolute
                                     : std::numeric_limits<double>::infinity();
  };
  LogicalTensor<double> to(new_rows(problem), from.heads(), from.width());
  for_each_pair(problem, data, from.heads(), [&](const Pair& at) {
    const float* const in = from.row(at.sequence, at.head, at.row);
    const double* const value = values.row(at.sequence, at.head, at.row);
    double* const out = to.row(at.sequence, at.head, at.row);
    out[at.x] = bound(std::fabs(in[at.x] * at.cos) + std::fabs(in[at.y] * at.sin), value[at.x]);
    out[at.y] = bound(std::fabs(in[at.y] * at.cos) + std::fabs(in[at.x] * at.sin), value[at.y]);
  });
  return to;
}

/// What is left of a turned tensor's budget without the output's rounding, which is random: error + (|value|
/// + error) u is the budget.
LogicalTensor<RowErrors> errors_of(const Problem& problem, const Numerics& numerics,
                                   const LogicalTensor<double>& values, const LogicalTensor<double>& budget) {
  const budget::OutputRounding output = budget::output_rounding(numerics);
  const double u = output.relative - output.on_the_way;
  LogicalTensor<RowErrors> to(new_rows(problem), values.heads(), 1);
  for (int s = 0; s < values.sequences(); ++s)
    for (int head = 0; head < values.heads(); ++head)
      for (int row = 0; row < values.rows(s); ++row)
        for (int c = 0; c < values.width(); ++c) {
          const double value = std::fabs(values.row(s, head, row)[c]);
          const double all = budget.row(s, head, row)[c];
          if (all == 0) continue;  // copied
          const double lean = std::max(all - u * value, 0.0);
          to.row(s, head, row)->lean += lean;
          to.row(s, head, row)->weighted_lean += lean * value;
        }
  return to;
}

/// BudgetedAppend::next_position of a turned tensor: each pair of `values` turned further by one position's
/// angle.
LogicalTensor<double> next_position(const Problem& problem, const LogicalData& data,
                                    const LogicalTensor<double>& values,
                                    const LogicalTensor<double>& budget) {
  const int pairs = problem.rope_dim() / 2;
  std::vector<double> cos, sin;
  for (int j = 0; j < pairs; ++j) {
    const double angle = std::pow(static_cast<double>(problem.rope->base), -1.0 * j / pairs);
    cos.push_back(std::cos(angle));
    sin.push_back(std::sin(angle));
  }
  const auto in_budgets = [](double from, double to, double budget) {
    return from == to ? 0 : std::fabs(to - from) / budget;
  };
  LogicalTensor<double> to(new_rows(problem), values.heads(), 1);
  for_each_pair(problem, data, values.heads(), [&](const Pair& at) {
    const auto j = static_cast<std::size_t>(at.number);
    const double* const allowed = budget.row(at.sequence, at.head, at.row);
    const double* const row = values.row(at.sequence, at.head, at.row);
    const double x = row[at.x], y = row[at.y];
    double& most = *to.row(at.sequence, at.head, at.row);
    most = std::max({most, in_budgets(x, x * cos[j] - y * sin[j], allowed[at.x]),
                     in_budgets(y, y * cos[j] + x * sin[j], allowed[at.y])});
  });
  return to;
}

}  // namespace

Appended append_kv(const Problem& problem, const LogicalData& data) {
  return {turned(problem, data, data.q), turned(problem, data, data.k), copied(problem, data.v)};
}

BudgetedAppend append_kv_with_budget(const Problem& problem, const LogicalData& data,
                                     const Numerics& numerics) {
  BudgetedAppend out;
  out.reference = append_kv(problem, data);
  out.budget.q_rot = turned_budget(problem, data, numerics, data.q, out.reference.q_rot);
  out.budget.k = turned_budget(problem, data, numerics, data.k, out.reference.k);
  out.budget.v = LogicalTensor<double>(new_rows(problem), data.v.heads(), data.v.width());
  out.q_rot_errors = errors_of(problem, numerics, out.reference.q_rot, out.budget.q_rot);
  out.k_errors = errors_of(problem, numerics, out.reference.k, out.budget.k);
  out.next_position.q_rot = next_position(problem, data, out.reference.q_rot, out.budget.q_rot);
  out.next_position.k = next_position(problem, data, out.reference.k, out.budget.k);
  return out;
}

}  // namespace flashdiff
