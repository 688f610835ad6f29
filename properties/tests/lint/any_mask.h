#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "harness/lint/phases.h"
#include "harness/lint/step.h"

namespace flashdiff::lint::test {

inline BitMask mask_of(const std::vector<std::vector<bool>>& rows) {
  BitMask mask(static_cast<int>(rows.size()), static_cast<int>(rows.at(0).size()));
  for (int row = 0; row < mask.rows(); ++row)
    for (int column = 0; column < mask.columns(); ++column)
      if (rows[static_cast<std::size_t>(row)].at(static_cast<std::size_t>(column))) mask.set(row, column);
  return mask;
}

/// "1100", "1111": a row each.
inline BitMask mask_of(const std::vector<std::string>& rows) {
  std::vector<std::vector<bool>> bits;
  for (const std::string& row : rows) {
    bits.emplace_back();
    for (const char c : row) bits.back().push_back(c == '1');
  }
  return mask_of(bits);
}

/// Steps of one batch, settled. Throws where the words do not fit.
inline std::vector<Step> steps_of(const std::vector<std::vector<std::string>>& masks,
                                  const StepWords& words = {}) {
  std::vector<Step> steps;
  for (const auto& rows : masks) {
    Step step;
    step.name = "step" + std::to_string(steps.size());
    step.mask = mask_of(rows);
    steps.push_back(std::move(step));
  }
  if (const auto ok = settle_phases(steps, words); !ok) throw std::invalid_argument(ok.error().what);
  return steps;
}
inline Step step_of(const std::vector<std::string>& rows, const StepWords& words = {}) {
  return steps_of({rows}, words).at(0);
}
inline StepWords in_phase(Phase phase) {
  StepWords words;
  words.phase = {phase};
  return words;
}
inline StepWords with_q_len(int q_len) {
  StepWords words;
  words.q_len = {q_len};
  return words;
}

/// The same step with position ids: a row of the mask each, or of its new tokens.
inline Step with_positions(Step step, const std::vector<std::vector<int>>& rows, int axes = 1) {
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  const auto columns = static_cast<std::int64_t>(rows.at(0).size());
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(rows.size()) / axes, columns};
  if (axes > 1) shape.insert(shape.begin(), axes);
  ArrayReader array("positions", shape, std::move(values));
  auto positions = read_positions(array, step.mask, step.q_len, step.free_slots, step.spans);
  if (!positions) throw std::invalid_argument(positions.error().what);
  step.positions = *positions;
  return step;
}

/// Rows as padding makes them, and any others; up to 40 columns, so that words of 64 bits are left partly
/// used and rows cross them.
inline rc::Gen<std::vector<bool>> any_row(int columns) {
  return rc::gen::exec([columns] {
    std::vector<bool> row(static_cast<std::size_t>(columns));
    const int kind = *rc::gen::inRange(0, 6);
    if (kind == 0) return *rc::gen::container<std::vector<bool>>(row.size(), rc::gen::arbitrary<bool>());
    // Half of them begin, pause and go on at page edges, and end anywhere.
    const int step = *rc::gen::element(1, 16);
    const int begin = kind == 1 || kind == 2 ? 0 : *rc::gen::inRange(0, columns / step + 1) * step;
    const int end = kind == 1 || kind == 3 ? columns : *rc::gen::inRange(begin, columns + 1);
    for (int i = begin; i < end; ++i) row[static_cast<std::size_t>(i)] = true;
    if (kind == 5 && end - begin > 2 * step) std::fill_n(row.begin() + begin + step, step, false);
    return row;
  });
}
inline rc::Gen<Step> any_step() {
  return rc::gen::exec([] {
    const int batch = *rc::gen::inRange(1, 6),
              columns = *rc::gen::element(*rc::gen::inRange(1, 40), 16, 32, 64, 130);
    std::vector<std::vector<bool>> rows;
    for (int row = 0; row < batch; ++row) rows.push_back(*any_row(columns));
    std::vector<Step> steps(1);
    steps[0].name = "any";
    steps[0].mask = mask_of(rows);
    StepWords words;
    if (*rc::gen::arbitrary<bool>()) words.q_len = {*rc::gen::inRange(1, columns + 1)};
    if (const auto ok = settle_phases(steps, words); !ok) throw std::logic_error(ok.error().what);
    return steps[0];
  });
}

}  // namespace flashdiff::lint::test
