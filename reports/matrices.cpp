#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "harness/problem/case.h"
#include "reports/summarise.h"

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
  void add(std::pair<int, int> at, const Verdict& verdict) { cells_[at].add(verdict); }

  Matrix matrix(const std::string& backend, std::string row_axis, const std::map<int, std::string>& rows,
                std::string column_axis, const std::map<int, std::string>& columns) const {
    Matrix m{backend, std::move(row_axis), std::move(column_axis), {}, {}};
    for (const auto& [column, name] : columns) m.columns.push_back(name);
    for (const auto& [row, name] : rows) {
      Matrix::Row& told = m.rows.emplace_back(Matrix::Row{name, {}, {}});
      for (const auto& [column, column_name] : columns) {
        const auto cell = cells_.find({row, column});
        told.cells.push_back(cell == cells_.end() ? Tally{} : cell->second);
        told.total += told.cells.back();
      }
    }
    std::ranges::stable_sort(m.rows, worse, &Matrix::Row::total);
    return m;
  }

 private:
  std::map<std::pair<int, int>, Tally> cells_;
};

}  // namespace

std::vector<Matrix> matrices_of(const Report& report) {
  struct OfBackend {
    Axis layout, mask, phase, dtype;
    Counting layout_mask, phase_dtype;
  };
  std::map<std::string, OfBackend> counted;
  for (const CaseRecord& record : report.cases) {
    const auto c = parse_case(record.line);
    if (!c) continue;
    OfBackend& b = counted[record.backend];
    b.layout_mask.add({b.layout(c->layout.padding), b.mask(c->problem.mask.kind)}, record.verdict);
    b.phase_dtype.add({b.phase(phase_of(c->problem)), b.dtype(c->problem.dtype)}, record.verdict);
  }
  std::vector<Matrix> matrices;
  for (const BackendSummary& backend : report.backends) {
    const OfBackend& b = counted[backend.name];
    if (b.layout.names.empty()) continue;
    matrices.push_back(b.layout_mask.matrix(backend.name, "layout", b.layout.names, "mask", b.mask.names));
    matrices.push_back(b.phase_dtype.matrix(backend.name, "phase", b.phase.names, "dtype", b.dtype.names));
  }
  return matrices;
}

std::vector<Matrix> captures_of(const Report& report) {
  struct OfBackend {
    std::map<std::string, int> number_of_file;
    std::map<int, std::string> files;
    Axis layout;
    Counting counts;
  };
  std::map<std::string, OfBackend> counted;
  for (const CaseRecord& record : report.cases) {
    const auto c = parse_case(record.line);
    if (!c || c->problem.data != DataFamily::file) continue;
    OfBackend& b = counted[record.backend];
    const int number = static_cast<int>(b.number_of_file.size());
    const int row = b.number_of_file.try_emplace(c->problem.data_file, number).first->second;
    b.files.try_emplace(row, std::filesystem::path(c->problem.data_file).filename().string());
    b.counts.add({row, b.layout(c->layout.padding)}, record.verdict);
  }
  std::vector<Matrix> captures;
  for (const BackendSummary& backend : report.backends)
    if (const auto b = counted.find(backend.name); b != counted.end())
      captures.push_back(b->second.counts.matrix(backend.name, "capture", b->second.files, "layout",
                                                 b->second.layout.names));
  return captures;
}

}  // namespace flashdiff::detail
