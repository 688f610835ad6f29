#include "harness/oracle/error_map.h"

namespace flashdiff::detail {
namespace {

constexpr int kMostCells = 64;

int cell_size(int extent) { return extent <= kMostCells ? 1 : (extent + kMostCells - 1) / kMostCells; }
int cells(int extent, int cell) { return (extent + cell - 1) / cell; }

}  // namespace

ErrorMap error_map(const Deviations& found) {
  const bool of_o = is_wrong(found.use.o);
  const LogicalTensor<double>& use = of_o ? found.o : found.lse;
  const ElementAt& at = of_o ? found.worst_o : found.worst;
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
