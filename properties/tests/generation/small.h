#pragma once
#include <stdexcept>
#include <string_view>

#include "harness/backend/answerers/registry.h"
#include "harness/generation/scenario.h"

namespace flashdiff::generation::test {

/// A layer small enough for a test of every cell.
inline Asked small(const std::vector<int>& lengths = {5, 12, 2}, std::uint64_t seed = 1) {
  Dims dims;
  dims.h_q = 2;
  dims.h_kv = 1;
  dims.d = 32;
  return seeded(dims, lengths, seed);
}

inline const Convention& convention(std::string_view name) {
  for (const Convention& how : conventions())
    if (how.name == name) return how;
  throw std::invalid_argument("no such convention: " + std::string(name));
}

inline std::unique_ptr<Backend> opened(const std::string& name) {
  BackendOptions options;
  options.device = DeviceChoice::soft;
  options.soft_threads = 2;
  auto backend = open_backend(name, options);
  if (!backend) throw std::runtime_error(backend.error().what);
  return std::move(*backend);
}

inline const Cell& cell_of(const Table& table, std::string_view name, Side side, Stage stage) {
  for (const Cell& cell : table.cells)
    if (cell.how->name == name && cell.side == side && cell.stage == stage) return cell;
  throw std::invalid_argument("no such cell: " + std::string(name));
}

}  // namespace flashdiff::generation::test
