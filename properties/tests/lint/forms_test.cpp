#include "harness/lint/forms.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/lint/form_rows.h"
#include "harness/problem/data.h"
#include "harness/problem/laid_out.h"
#include "harness/problem/numbers.h"
#include "properties/tests/lint/any_mask.h"
#include "properties/tests/problem/any_case.h"

namespace flashdiff::lint {
namespace {

constexpr int heads = 2, width = 3, page = 16;

const std::vector<std::int32_t>& named(const std::vector<FormArray>& arrays, const std::string& name) {
  for (const FormArray& array : arrays)
    if (array.name == name) return array.whole;
  throw std::logic_error("no array " + name);
}

/// A padded tensor [batch, columns, heads, width] in f32 whose elements are all different.
LaidOutTensor padded(int batch, int columns) {
  LaidOutTensor tensor;
  tensor.role = TensorRole::k;
  tensor.place.heads = heads;
  tensor.place.width = width;
  tensor.place.row_stride = heads * width;
  tensor.place.head_stride = width;
  tensor.place.batch_stride = std::int64_t{columns} * heads * width;
  tensor.place.elements = batch * tensor.place.batch_stride;
  tensor.bytes.resize(static_cast<std::size_t>(tensor.place.elements) * 4 + 2 * LaidOutTensor::guard_bytes);
  std::vector<float> values(static_cast<std::size_t>(tensor.place.elements));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  std::memcpy(tensor.body(), values.data(), values.size() * 4);
  return tensor;
}

/// What the mask says: token i of a sequence is the i-th column that it marks.
LogicalTensor<float> by_mask(const LaidOutTensor& tensor, const detail::TensorRows& rows) {
  std::vector<int> lengths;
  for (int row = 0; row < rows.batch(); ++row) lengths.push_back(rows.length(row));
  LogicalTensor<float> values(lengths, heads, width);
  for (int row = 0; row < rows.batch(); ++row) {
    int token = 0;
    for (int column = 0; column < rows.columns(); ++column) {
      if (!rows.mask.at(row, rows.begin + column)) continue;
      for (int head = 0; head < heads; ++head)
        for (int i = 0; i < width; ++i)
          values.row(row, head, token)[i] = static_cast<float>(
              row * tensor.place.batch_stride + column * tensor.place.row_stride + head * width + i);
      ++token;
    }
  }
  return values;
}

/// The tensor as a kernel finds its rows that is handed these arrays and nothing else.
LaidOutTensor by_arrays(LaidOutTensor tensor, Form form, const std::vector<FormArray>& arrays,
                        const std::string& suffix) {
  Placement& place = tensor.place;
  const auto count = [](const std::vector<std::int32_t>& values) { return static_cast<int>(values.size()); };
  if (form == Form::cu_seqlens) {
    const auto& sums = named(arrays, "cu_seqlens" + suffix);
    const auto& indices = named(arrays, "indices" + suffix);
    const int first = indices.empty() ? 0 : indices[0];
    for (int s = 0; s + 1 < count(sums); ++s) {
      place.first_row.push_back(first + sums[static_cast<std::size_t>(s)]);
      place.rows.push_back(sums[static_cast<std::size_t>(s) + 1] - sums[static_cast<std::size_t>(s)]);
    }
    place.batch_stride = 0;
    return tensor;
  }
  if (form == Form::cudnn_lengths || form == Form::cudnn_ragged) {
    place.rows = named(arrays, "seq_len" + suffix);
    place.first_row.assign(place.rows.size(), 0);
    if (form == Form::cudnn_lengths) return tensor;
    const auto& starts = named(arrays, "ragged_rows" + suffix);
    place.first_row.assign(starts.begin(), starts.end() - 1);
    place.batch_stride = 0;
    return tensor;
  }
  place.rows = named(arrays, "seqused" + suffix);
  if (form == Form::lengths_and_first_rows) {
    const auto& first = named(arrays, "first_row" + suffix);
    place.first_row.assign(first.begin(), first.end());
    return tensor;
  }
  place.first_row.assign(place.rows.size(), 0);
  place.block_table = named(arrays, "block_table");
  for (std::int32_t& entry : place.block_table)
    if (entry < 0) entry = Placement::no_page;
  place.page = page;
  place.pages = static_cast<int>(place.elements / place.row_stride / page);
  place.table_columns = count(place.block_table) / count(place.rows);
  place.batch_stride = page * place.row_stride;
  for (int s = 0; s < count(place.rows); ++s)
    for (int i = 0; i < place.table_columns; ++i) {
      const bool needed = i * page < place.rows[static_cast<std::size_t>(s)];
      const std::int32_t at = place.page_of(s, i);
      const bool right = needed ? at >= 0 && at < place.pages : at == Placement::no_page;
      RC_ASSERT(right);
    }
  return tensor;
}

/// The rows that `indices` names, one behind the other, as a caller copies them.
LaidOutTensor gathered(const LaidOutTensor& from, const std::vector<std::int32_t>& indices) {
  LaidOutTensor to = padded(1, static_cast<int>(indices.size()));
  const auto row = static_cast<std::size_t>(from.place.row_stride) * 4;
  for (std::size_t i = 0; i < indices.size(); ++i)
    std::memcpy(to.body() + i * row, from.body() + static_cast<std::size_t>(indices[i]) * row, row);
  return to;
}

bool equal(const LogicalTensor<float>& a, const LogicalTensor<float>& b) {
  return a.sequences() == b.sequences() &&
         std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end());
}

void require_bias_marks_the_tokens(const Step& step) {
  const FormArray bias = arrays_of(step, Form::additive_bias, page).at(0);
  for (int row = 0; row < step.batch(); ++row)
    for (int column = 0; column < step.kv_len(); ++column) {
      const float value = bias.real.at(static_cast<std::size_t>(row * step.kv_len() + column));
      const float wanted = step.mask.at(row, column) ? 0.0F : -INFINITY;
      RC_ASSERT(value == wanted);
    }
}

RC_GTEST_PROP(Forms, WhatIsExpressibleInPlaceFindsTheRowsThatTheMaskMarks, ()) {
  const Step step = *test::any_step();
  std::vector<detail::TensorRows> sides{detail::keys_of(step)};
  if (step.behind_a_cache()) sides.push_back(detail::queries_of(step));
  for (const FormVerdict& verdict : verdicts_on(step, page)) {
    if (verdict.fit != Fit::in_place) continue;
    RC_TAG(std::string(name_of(verdict.form)));
    if (verdict.form == Form::additive_bias) {
      require_bias_marks_the_tokens(step);
      continue;
    }
    const auto arrays = arrays_of(step, verdict.form, page);
    for (const auto& side : sides) {
      const bool paged = verdict.form == Form::page_table && side.begin == 0;
      if (verdict.form == Form::page_table && !paged) continue;  // queries lie in no pages
      const LaidOutTensor tensor = padded(side.batch(), side.columns());
      const auto found = gather(by_arrays(tensor, verdict.form, arrays, side.suffix));
      RC_ASSERT(equal(found, by_mask(tensor, side)));
    }
  }
}

RC_GTEST_PROP(Forms, WhatIsExpressibleAfterACopyFindsTheRowsThatTheMaskMarks, ()) {
  const Step step = *test::any_step();
  const auto arrays = arrays_of(step, Form::cu_seqlens, page);
  const auto keys = detail::keys_of(step);
  const LaidOutTensor tensor = padded(keys.batch(), keys.columns());
  LaidOutTensor copy = gathered(tensor, named(arrays, "indices_k"));
  const auto& sums = named(arrays, "cu_seqlens_k");
  copy.place.batch_stride = 0;
  for (std::size_t s = 0; s + 1 < sums.size(); ++s) {
    copy.place.first_row.push_back(sums[s]);
    copy.place.rows.push_back(sums[s + 1] - sums[s]);
  }
  RC_ASSERT(equal(gather(copy), by_mask(tensor, keys)));
}

/// The definitions again, on plain lists of columns.
struct Columns {
  std::vector<std::vector<std::int64_t>> of;  ///< by row: rows of the tensor seen as one column
  std::int64_t columns, total;
  explicit Columns(const detail::TensorRows& rows) : columns(rows.columns()), total(rows.batch() * columns) {
    for (int row = 0; row < rows.batch(); ++row) {
      of.emplace_back();
      for (int c = 0; c < columns; ++c)
        if (rows.mask.at(row, rows.begin + c)) of.back().push_back(row * columns + c);
    }
  }
  [[nodiscard]] bool contiguous() const {
    for (const auto& row : of)
      for (std::size_t i = 1; i < row.size(); ++i)
        if (row[i] != row[i - 1] + 1) return false;
    return true;
  }
  [[nodiscard]] bool at_column_zero() const {
    for (std::size_t b = 0; b < of.size(); ++b)
      if (!of[b].empty() && of[b][0] != static_cast<std::int64_t>(b) * columns) return false;
    return contiguous();
  }
  [[nodiscard]] bool packed() const {
    std::int64_t before = -1;
    for (const auto& row : of)
      for (const std::int64_t at : row) {
        if (before >= 0 && at != before + 1) return false;
        before = at;
      }
    return true;
  }
  [[nodiscard]] bool in_pages() const {
    for (const auto& row : of)
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] % page != static_cast<std::int64_t>(i) % page) return false;
        if (i % page != 0 && row[i] != row[i - 1] + 1) return false;
        if (row[i] / page >= total / page) return false;
      }
    return true;
  }
};

RC_GTEST_PROP(Forms, WhatIsCalledInexpressibleIs, ()) {
  const Step step = *test::any_step();
  const Columns k(detail::keys_of(step));
  const Columns q = step.behind_a_cache() ? Columns(detail::queries_of(step)) : k;
  const auto fits = [&](Form form) { return verdict_on(step, form, page).fit == Fit::in_place; };
  RC_ASSERT(fits(Form::cu_seqlens) == (k.packed() && q.packed()));
  RC_ASSERT(fits(Form::lengths_and_first_rows) == (k.contiguous() && q.contiguous()));
  RC_ASSERT(fits(Form::cudnn_ragged) == (k.contiguous() && q.contiguous()));
  RC_ASSERT(fits(Form::cudnn_lengths) == (k.at_column_zero() && q.at_column_zero()));
  RC_ASSERT(fits(Form::page_table) == (k.in_pages() && q.contiguous()));
}

/// The layouts of harness/problem: their masks are classed as what they are, and described by the same first
/// rows and lengths.
RC_GTEST_PROP(Forms, DescribeTheLayoutsOfAProblemAsTheyDoThemselves, ()) {
  Case c;
  c.problem = *testing::any_problem();
  c.problem.pass = Pass::forward;
  c.problem.dtype = DType::f32;
  c.layout.padding = *rc::gen::element(Padding::left, Padding::right, Padding::both);
  c.layout.pad = *rc::gen::inRange(0, 4);
  const LogicalData data = testing::any_data(c.problem);
  LaidOut laid = lay_out(c, data);
  const Placement place = laid.k.place;
  const auto depth = static_cast<int>(place.batch_stride / place.row_stride);
  if (depth == 0) return;
  std::vector<Step> steps(1);
  steps[0].mask = BitMask(c.problem.batch(), depth);
  for (int s = 0; s < c.problem.batch(); ++s)
    for (int row = 0; row < place.rows[static_cast<std::size_t>(s)]; ++row)
      steps[0].mask.set(s, static_cast<int>(place.first_row[static_cast<std::size_t>(s)]) + row);
  RC_ASSERT(settle_phases(steps, {}).has_value());

  RC_ASSERT(verdict_on(steps[0], Form::lengths_and_first_rows, page).fit == Fit::in_place);
  const auto arrays = arrays_of(steps[0], Form::lengths_and_first_rows, page);
  const auto& first = named(arrays, "first_row_k");
  laid.k.place.rows = named(arrays, "seqused_k");
  laid.k.place.first_row.assign(first.begin(), first.end());
  RC_ASSERT(equal(gather(laid.k), data.k));
  if (c.layout.padding == Padding::right)
    RC_ASSERT(verdict_on(steps[0], Form::cudnn_lengths, page).fit == Fit::in_place);
}

TEST(Forms, AReasonNamesTheRowThatStandsInTheWay) {
  const Step step = test::step_of({"1110", "0111", "1011"});
  EXPECT_EQ(verdict_on(step, Form::cu_seqlens, 16).why,
            "row 2 has padding between its tokens, columns 1 to 1 of K and V");
  EXPECT_EQ(verdict_on(step, Form::cudnn_lengths, 16).why,
            "row 1 begins at column 1 of K and V, and lengths count from column 0");
  EXPECT_EQ(verdict_on(test::step_of({"1110", "1111"}), Form::cu_seqlens, 16).why,
            "1 rows of padding lie in front of row 1's tokens in K and V");
  EXPECT_EQ(verdict_on(test::step_of({"000", "111"}), Form::additive_bias, 16).why,
            "row 0 sees no key: softmax of -inf alone is NaN");
}

/// The one batch that padding keeps packed: it begins late and ends early.
TEST(Forms, LeftThenRightPaddingLeavesNoGap) {
  EXPECT_EQ(verdict_on(test::step_of({"0011", "1111", "1100"}), Form::cu_seqlens, 16).fit, Fit::in_place);
}

}  // namespace
}  // namespace flashdiff::lint
