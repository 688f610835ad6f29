#include "harness/oracle/error_map.h"

namespace flashdiff::detail {
namespace {

constexpr int kMostCells = 64;

int cell_size(int extent) { return extent <= kMostCells ? 1 : (extent + kMostCells - 1) / kMostCells; }
int cells(int extent, int cell) { return (extent + cell - 1) / cell; }

/// Where an output of several columns is wrong, one column says little, however wrong it is.
const TensorDeviations& worst_to_draw(const Deviations& found) {
  const TensorDeviations* worst = nullptr;
  for (const TensorDeviations& one : found.outputs)
    if (one.wrong > 0 && one.role != TensorRole::lse && (!worst || worse(one.largest, worst->largest)))
      worst = &one;
  return worst ? *worst : found.worst();
}

}  // namespace

ErrorMap error_map(const Deviations& found) {
  const TensorDeviations& drawn = worst_to_draw(found);
  const LogicalTensor<double>& use = drawn.use;
  const ElementAt& at = drawn.worst;
  ErrorMap map;
  map.tensor = at.tensor;
  map.sequence = at.sequence;
  map.head = at.head;
  map.rows = use.rows(at.sequence);
  map.columns = use.width();
  map.cell_rows = cell_size(map.rows);
  map.cell_columns = cell_size(map.columns);
  const int across = cells(map.columns, map.cell_columns);
  map.use.assign(static_cast<std::size_t>(cells(map.rows, map.cell_rows)) * static_cast<std::size_t>(across),
                 0.0f);
  for (int row = 0; row < map.rows; ++row)
    for (int column = 0; column < map.columns; ++column) {
      const auto cell = static_cast<std::size_t>(row / map.cell_rows) * static_cast<std::size_t>(across) +
                        static_cast<std::size_t>(column / map.cell_columns);
      const double here = use.row(at.sequence, at.head, row)[column];
      if (worse(here, map.use[cell])) map.use[cell] = static_cast<float>(here);
    }
  return map;
}

}  // namespace flashdiff::detail
