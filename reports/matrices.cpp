#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "reports/counts.h"

namespace flashdiff::detail {
namespace {

/// Rows and columns of a matrix by the number that orders them: an enumeration's value.
struct Axis {
  std::map<int, std::string> names;

  int operator()(auto value) {
    const int order = static_cast<int>(value);
    names.try_emplace(order, name_of(value));
    return order;
  }
};

class Counting {
 public:
  void add(std::pair<int, int> at, const Kept& kept) {
    Cell& cell = cells_[at];
    cell.tally.add(kept->record.verdict);
    cell.behind.add(kept);
  }

  Matrix matrix(const std::string& backend, std::string row_axis, const std::map<int, std::string>& rows,
                std::string column_axis, const std::map<int, std::string>& columns) const {
    Matrix m{backend, std::move(row_axis), std::move(column_axis), {}, {}};
    for (const auto& [column, name] : columns) m.columns.push_back(name);
    for (const auto& [row, name] : rows) {
      Matrix::Row& told = m.rows.emplace_back(Matrix::Row{name, {}, {}, {}});
      for (const auto& [column, column_name] : columns) {
        const auto cell = cells_.find({row, column});
        const bool none = cell == cells_.end();
        told.cells.push_back(none ? Tally{} : cell->second.tally);
        told.behind.push_back(none ? std::vector<std::size_t>() : cell->second.behind.indices());
        told.total += told.cells.back();
      }
    }
    std::ranges::stable_sort(m.rows, worse, &Matrix::Row::total);
    return m;
  }

 private:
  struct Cell {
    Tally tally;
    Behind behind;
  };
  std::map<std::pair<int, int>, Cell> cells_;
};

}  // namespace

struct MatrixCounts::OfBackend {
  Axis layout, mask, phase, dtype;
  Counting layout_mask, phase_dtype;
  std::map<std::string, int> number_of_file;
  std::map<int, std::string> files;
  Axis layout_of_file;
  Counting file_layout;
};

MatrixCounts::MatrixCounts() = default;
MatrixCounts::~MatrixCounts() = default;

void MatrixCounts::add(const Passing& passing) {
  if (!passing.parsed) return;
  const Case& c = *passing.parsed;
  OfBackend& b = all_[passing.record().backend];
  b.layout_mask.add({b.layout(c.layout.padding), b.mask(c.problem.mask.kind)}, passing.kept);
  b.phase_dtype.add({b.phase(phase_of(c.problem)), b.dtype(c.problem.dtype)}, passing.kept);
  if (c.problem.data != DataFamily::file) return;
  const int number = static_cast<int>(b.number_of_file.size());
  const int row = b.number_of_file.try_emplace(c.problem.data_file, number).first->second;
  b.files.try_emplace(row, std::filesystem::path(c.problem.data_file).filename().string());
  b.file_layout.add({row, b.layout_of_file(c.layout.padding)}, passing.kept);
}

std::vector<Matrix> MatrixCounts::matrices(const std::vector<BackendSummary>& backends) const {
  std::vector<Matrix> matrices;
  for (const BackendSummary& backend : backends) {
    const auto found = all_.find(backend.name);
    if (found == all_.end()) continue;
    const OfBackend& b = found->second;
    matrices.push_back(b.layout_mask.matrix(backend.name, "layout", b.layout.names, "mask", b.mask.names));
    matrices.push_back(b.phase_dtype.matrix(backend.name, "phase", b.phase.names, "dtype", b.dtype.names));
  }
  return matrices;
}

std::vector<Matrix> MatrixCounts::captures(const std::vector<BackendSummary>& backends) const {
  std::vector<Matrix> captures;
  for (const BackendSummary& backend : backends)
    if (const auto b = all_.find(backend.name); b != all_.end() && !b->second.files.empty())
      captures.push_back(b->second.file_layout.matrix(backend.name, "capture", b->second.files, "layout",
                                                      b->second.layout_of_file.names));
  return captures;
}

}  // namespace flashdiff::detail
