#include <limits>
#include <stdexcept>

#include "harness/lint/form_rows.h"
#include "harness/lint/forms.h"

namespace flashdiff::lint {
namespace {

using detail::TensorRows;

std::int32_t narrow(std::int64_t value) {
  if (value > std::numeric_limits<std::int32_t>::max())
    throw std::length_error("a batch of more than 2^31 rows");
  return static_cast<std::int32_t>(value);
}

FormArray vector_of(const TensorRows& rows, const char* name, std::vector<std::int32_t> values) {
  return {std::string(name) + rows.suffix, {static_cast<std::int64_t>(values.size())}, std::move(values), {}};
}

/// A number of each sequence.
template <class Number>
std::vector<std::int32_t> by_row(const TensorRows& rows, Number number) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(rows.batch()));
  for (int row = 0; row < rows.batch(); ++row) values[static_cast<std::size_t>(row)] = number(row);
  return values;
}
std::vector<std::int32_t> lengths(const TensorRows& rows) {
  return by_row(rows, [&](int row) { return rows.length(row); });
}
std::vector<std::int32_t> first_rows(const TensorRows& rows) {
  return by_row(rows, [&](int row) { return rows.first(row); });
}

/// Where each sequence begins in the tensor seen as one column, and where the last one ends.
std::vector<std::int32_t> starts(const TensorRows& rows) {
  auto values = by_row(rows, [&](int row) { return narrow(rows.flat(row, rows.first(row))); });
  values.push_back(narrow(values.back() + std::int64_t{rows.length(rows.batch() - 1)}));
  return values;
}

/// Sums of lengths; `indices`: which rows of the tensor to gather, in place they follow one another.
void add_cu_seqlens(const TensorRows& rows, std::vector<FormArray>& arrays) {
  std::vector<std::int32_t> sums{0}, indices;
  for (int row = 0; row < rows.batch(); ++row) {
    sums.push_back(narrow(std::int64_t{sums.back()} + rows.length(row)));
    rows.for_each_run(row, [&](int begin, int end) {
      for (int column = begin; column < end; ++column) indices.push_back(narrow(rows.flat(row, column)));
    });
  }
  arrays.push_back(vector_of(rows, "cu_seqlens", std::move(sums)));
  arrays.push_back(vector_of(rows, "indices", std::move(indices)));
}

void add_pages(const TensorRows& rows, int page, std::vector<FormArray>& arrays) {
  std::vector<std::vector<std::int32_t>> pages_of(static_cast<std::size_t>(rows.batch()));
  std::size_t most = 1;
  for (int row = 0; row < rows.batch(); ++row) {
    auto& pages = pages_of[static_cast<std::size_t>(row)];
    rows.for_each_run(row, [&](int begin, int end) {
      for (int column = begin; column < end; column += page)
        pages.push_back(narrow(rows.flat(row, column) / page));
    });
    most = std::max(most, pages.size());
  }
  FormArray table{"block_table", {rows.batch(), static_cast<std::int64_t>(most)}, {}, {}};
  for (auto& pages : pages_of) {
    pages.resize(most, -1);
    table.whole.insert(table.whole.end(), pages.begin(), pages.end());
  }
  arrays.push_back(std::move(table));
}

FormArray bias_of(const Step& step) {
  FormArray bias{"bias", {step.batch(), 1, 1, step.kv_len()}, {}, {}};
  bias.real.assign(static_cast<std::size_t>(step.batch()) * static_cast<std::size_t>(step.kv_len()),
                   -std::numeric_limits<float>::infinity());
  for (int row = 0; row < step.batch(); ++row)
    detail::keys_of(step).for_each_run(row, [&](int begin, int end) {
      const auto at = bias.real.begin() + static_cast<std::ptrdiff_t>(detail::keys_of(step).flat(row, 0));
      std::fill(at + begin, at + end, 0.0F);
    });
  return bias;
}

void add(const TensorRows& rows, Form form, std::vector<FormArray>& arrays) {
  switch (form) {
    case Form::cu_seqlens: return add_cu_seqlens(rows, arrays);
    case Form::lengths_and_first_rows:
      arrays.push_back(vector_of(rows, "first_row", first_rows(rows)));
      arrays.push_back(vector_of(rows, "seqused", lengths(rows)));
      return;
    case Form::cudnn_ragged: arrays.push_back(vector_of(rows, "ragged_rows", starts(rows))); [[fallthrough]];
    case Form::cudnn_lengths: arrays.push_back(vector_of(rows, "seq_len", lengths(rows))); return;
    case Form::page_table: arrays.push_back(vector_of(rows, "seqused", lengths(rows))); return;
    case Form::additive_bias: return;
  }
}

}  // namespace

std::vector<FormArray> arrays_of(const Step& step, Form form, int page) {
  if (form == Form::additive_bias) return {bias_of(step)};
  std::vector<FormArray> arrays;
  if (form == Form::page_table) add_pages(detail::keys_of(step), page, arrays);
  add(detail::keys_of(step), form, arrays);
  if (step.behind_a_cache()) add(detail::queries_of(step), form, arrays);
  return arrays;
}

}  // namespace flashdiff::lint
