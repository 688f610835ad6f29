#include "harness/lint/positions.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace flashdiff::lint {
namespace {

struct Shape {
  int axes = 1, batch = 0, columns = 0;
  int offset = 0;  ///< the mask's column that is column 0 here
};

Outcome<Shape> shape_of(const ArrayReader& array, const BitMask& mask, int q_len, int free_slots) {
  const auto& dimensions = array.shape();
  const auto wrong = [&] {
    return bad_input(fmt::format(
        "{}: shape [{}], expected positions [{}, {}], of the new tokens [{}, {}], or three axes of "
        "them",
        array.name(), fmt::join(dimensions, ", "), mask.rows(), mask.columns(), mask.rows(), q_len));
  };
  if (dimensions.size() != 2 && dimensions.size() != 3) return wrong();
  const auto batch = dimensions[dimensions.size() - 2], columns = dimensions.back();
  Shape shape;
  if (dimensions.size() == 3) {
    if (dimensions[0] < 1 || dimensions[0] > 4) return wrong();
    shape.axes = static_cast<int>(dimensions[0]);
  }
  if (batch != 1 && batch != mask.rows()) return wrong();
  if (columns != mask.columns() && columns != mask.columns() + free_slots && columns != q_len) return wrong();
  shape.batch = static_cast<int>(batch), shape.columns = static_cast<int>(columns);
  if (columns < mask.columns()) shape.offset = mask.columns() - q_len;
  return shape;
}

/// The spans of each row, as a set of columns.
BitMask columns_of(const std::vector<Span>& spans, const BitMask& mask) {
  BitMask in(mask.rows(), mask.columns());
  for (const Span& span : spans)
    for (int column = span.begin; column < std::min(span.end, mask.columns()); ++column)
      in.set(span.row, column);
  return in;
}

/// Takes in one axis of one row.
void take(const std::vector<double>& values, int offset, const BitMask& mask, int row, const BitMask& spans,
          bool judge_breaks, PositionRow& facts) {
  int tokens = 0, before = -1;
  std::int64_t shift = 0, last = 0;
  const int end = std::min(mask.columns(), offset + static_cast<int>(values.size()));
  for (int column = mask.next_token(row, offset); column < end; column = mask.next_token(row, column + 1)) {
    const auto value = static_cast<std::int64_t>(values[static_cast<std::size_t>(column - offset)]);
    if (tokens++ == 0) {
      facts.first_column = column;
      facts.first = facts.tokens == 0 ? value : std::max(facts.first, value);
      shift = value - column;
    } else if (value != last + 1 && judge_breaks && !spans.at(row, before) && !spans.at(row, column)) {
      if (value == 0)
        ++facts.restarts;
      else if (facts.breaks++ == 0)
        facts.break_column = column, facts.break_from = last, facts.break_to = value;
    }
    facts.like_columns = facts.like_columns && value - column == shift;
    last = value, before = column;
  }
  facts.last = facts.tokens == 0 ? last : std::max(facts.last, last);
  facts.tokens = tokens;
}

}  // namespace

Outcome<Positions> read_positions(ArrayReader& array, const BitMask& mask, int q_len, int free_slots,
                                  const std::vector<Span>& spans) {
  const auto shape = shape_of(array, mask, q_len, free_slots);
  if (!shape) return tl::unexpected(shape.error());
  Positions positions;
  positions.axes = shape->axes;
  positions.rows.resize(static_cast<std::size_t>(mask.rows()));
  const BitMask in_spans = columns_of(spans, mask);
  // Of several axes nobody knows where images are, unless it was said: their axes do not count up.
  const bool judge_breaks = shape->axes == 1 || !spans.empty();
  std::vector<double> values(static_cast<std::size_t>(shape->columns));
  for (int axis = 0; axis < shape->axes; ++axis)
    for (int row = 0; row < shape->batch; ++row) {
      if (auto ok = array.read(values); !ok) return tl::unexpected(ok.error());
      for (std::size_t column = 0; column < values.size(); ++column)
        if (values[column] != std::floor(values[column]) || std::abs(values[column]) > 0x1p53)
          return bad_input(fmt::format("{}: {} at row {}, column {}, expected a position", array.name(),
                                       values[column], row, column));
      if (shape->batch == mask.rows()) {
        take(values, shape->offset, mask, row, in_spans, judge_breaks,
             positions.rows[static_cast<std::size_t>(row)]);
        continue;
      }
      for (int each = 0; each < mask.rows(); ++each)
        take(values, shape->offset, mask, each, in_spans, judge_breaks,
             positions.rows[static_cast<std::size_t>(each)]);
    }
  return positions;
}

}  // namespace flashdiff::lint
