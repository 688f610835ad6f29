#include "harness/lint/read_mask.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/problem/limits.h"

namespace flashdiff::lint {
namespace {

Outcome<void> check_shape(const ArrayReader& array) {
  const auto& shape = array.shape();
  const auto says = [&](const char* expected) {
    return bad_input(fmt::format("{}: {} dimension{}, shape [{}], expected {}", array.name(), shape.size(),
                                 shape.size() == 1 ? "" : "s", fmt::join(shape, ", "), expected));
  };
  if (shape.size() == 4)
    return says("the mask [batch, seq] that a framework expands to [batch, heads, q, kv]");
  if (shape.size() != 2) return says("a mask [batch, seq]");
  if (shape[0] == 0 || shape[1] == 0) return says("at least one row and one column");
  if (shape[1] > limits::length) return says(fmt::format("at most {} columns", limits::length).c_str());
  if (shape[0] > most_rows) return says(fmt::format("at most {} rows", most_rows).c_str());
  if (array.elements() > most_entries) return says(fmt::format("at most {} entries", most_entries).c_str());
  return {};
}

/// Additive biases: 0 where a key is seen, -inf or something very negative where it is not.
bool like_a_bias(double value) { return value <= -1000; }

tl::unexpected<Error> wrong_value(const std::string& name, double value, std::int64_t row,
                                  std::size_t column) {
  if (like_a_bias(value))
    return bad_input(
        fmt::format("{}: {} at row {}, column {}: an additive bias, expected the mask of 0 and 1 it was "
                    "made from (numpy: bias == 0)",
                    name, value, row, column));
  return bad_input(fmt::format("{}: {} at row {}, column {}, expected 0 or 1", name, value, row, column));
}

}  // namespace

Outcome<BitMask> read_mask(ArrayReader& array) {
  if (auto ok = check_shape(array); !ok) return tl::unexpected(ok.error());
  const auto rows = static_cast<int>(array.shape()[0]), columns = static_cast<int>(array.shape()[1]);
  BitMask mask(rows, columns);
  std::vector<double> values(static_cast<std::size_t>(columns));
  for (int row = 0; row < rows; ++row) {
    if (auto ok = array.read(values); !ok) return tl::unexpected(ok.error());
    for (std::size_t column = 0; column < values.size(); ++column) {
      if (values[column] == 1)
        mask.set(row, static_cast<int>(column));
      else if (values[column] != 0)
        return wrong_value(array.name(), values[column], row, column);
    }
  }
  return mask;
}

}  // namespace flashdiff::lint
