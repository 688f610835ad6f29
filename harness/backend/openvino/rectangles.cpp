#include "harness/backend/openvino/rectangles.h"

#include <algorithm>
#include <limits>
#include <span>

#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"
#include "harness/problem/poison.h"

namespace flashdiff::openvino {
namespace {

/// Rows of the rectangle, padding included.
std::int64_t depth_of(const Case& c, int SequenceLengths::*length) {
  std::int64_t longest = 0;
  for (const SequenceLengths& one : c.problem.sequences)
    longest = std::max<std::int64_t>(longest, one.*length);
  return longest + c.layout.pad + c.layout.hole;
}

/// The row of its rectangle that a sequence's row is.
std::int64_t lies_at(const LaidOutTensor& tensor, Padding padding, int sequence, int row) {
  return padding == Padding::packed ? row : tensor.place.lies_at(sequence, row);
}

/// visit(sequence, head, row, index of its first element in a rectangle of so many rows).
template <class Visit>
void for_each_row(const LaidOutTensor& tensor, Padding padding, std::int64_t depth, Visit visit) {
  const Placement& place = tensor.place;
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    for (int head = 0; head < place.heads; ++head)
      for (int row = 0; row < place.rows[static_cast<std::size_t>(s)]; ++row) {
        const std::int64_t at =
            (s * std::int64_t{place.heads} + head) * depth + lies_at(tensor, padding, s, row);
        visit(s, head, row, static_cast<std::size_t>(at * place.width));
      }
}

std::vector<float> rectangle(const LaidOutTensor& tensor, Padding padding, std::int64_t depth) {
  const Placement& place = tensor.place;
  const std::size_t rows = place.rows.size() * static_cast<std::size_t>(place.heads * depth);
  std::vector<float> values(rows * static_cast<std::size_t>(place.width));
  detail::fill_poison(Poison::dirty, DType::f32, tensor.role, 0, std::as_writable_bytes(std::span(values)));
  for_each_row(tensor, padding, depth, [&](int s, int head, int row, std::size_t at) {
    load_elements(
        tensor.dtype,
        tensor.body() + static_cast<std::size_t>(place.address(s, row, head)) * bytes_of(tensor.dtype),
        std::span(values).subspan(at, static_cast<std::size_t>(place.width)));
  });
  return values;
}

/// A row of a sequence's rectangle, as the mask has it.
struct MaskRow {
  int query = 0;  ///< of the sequence; of padding, which nobody reads, 0
  KeyRange sees;  ///< keys of the sequence
};

/// Padding rows see what their sequence has, as from a padding mask alone; nobody reads their answers.
std::vector<MaskRow> rows_of_mask(const LaidOut& io, int sequence, const Form& form) {
  const Problem& problem = io.question.problem;
  const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(sequence)];
  std::vector<MaskRow> rows(static_cast<std::size_t>(form.queries), {0, {0, lengths.kv_len}});
  for (int i = 0; i < lengths.q_len; ++i)
    rows[static_cast<std::size_t>(lies_at(io.q, io.question.layout.padding, sequence, i))] = {
        i, visible_keys(problem.mask, lengths, i)};
  return rows;
}

/// Where the keys of a sequence lie in their rectangle.
std::vector<std::size_t> columns_of_mask(const LaidOut& io, int sequence) {
  const int keys = io.question.problem.sequences[static_cast<std::size_t>(sequence)].kv_len;
  std::vector<std::size_t> columns;
  columns.reserve(static_cast<std::size_t>(keys));
  for (int j = 0; j < keys; ++j)
    columns.push_back(static_cast<std::size_t>(lies_at(io.k, io.question.layout.padding, sequence, j)));
  return columns;
}

void fill_boolean_mask(const LaidOut& io, Rectangles& all) {
  const auto heads = static_cast<std::size_t>(all.form.batch) / io.question.problem.sequences.size();
  const auto queries = static_cast<std::size_t>(all.form.queries),
             keys = static_cast<std::size_t>(all.form.keys);
  all.sees.assign(static_cast<std::size_t>(all.form.batch) * queries * keys, 0);
  std::uint8_t* row = all.sees.data();
  for (int s = 0; s < io.question.problem.batch(); ++s) {
    const std::vector<MaskRow> rows = rows_of_mask(io, s, all.form);
    const std::vector<std::size_t> columns = columns_of_mask(io, s);
    for (std::size_t head = 0; head < heads; ++head)
      for (const MaskRow& one : rows) {
        for (int j = one.sees.begin; j < one.sees.end; ++j) row[columns[static_cast<std::size_t>(j)]] = 1;
        row += keys;
      }
  }
}

void fill_bias(const LaidOut& io, Rectangles& all) {
  const Problem& problem = io.question.problem;
  const auto rows = static_cast<std::size_t>(problem.batch()) * static_cast<std::size_t>(problem.h_q) *
                    static_cast<std::size_t>(all.form.queries);
  all.bias.assign(rows * static_cast<std::size_t>(all.form.keys), -std::numeric_limits<float>::infinity());
  float* row = all.bias.data();
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    const std::vector<MaskRow> rows_of = rows_of_mask(io, s, all.form);
    const std::vector<std::size_t> columns = columns_of_mask(io, s);
    for (int head = 0; head < problem.h_q; ++head) {
      const float slope = alibi_slope(problem, head);
      for (const MaskRow& one : rows_of) {
        for (int j = one.sees.begin; j < one.sees.end; ++j)
          row[columns[static_cast<std::size_t>(j)]] =
              -slope * static_cast<float>(alibi_distance(lengths, one.query, j));
        row += all.form.keys;
      }
    }
  }
}

}  // namespace

Form form_of(const Case& c) {
  const Problem& problem = c.problem;
  Form form;
  const bool shares = problem.group() > 1;
  form.batch = problem.batch() * std::int64_t{shares ? problem.h_kv : 1};
  form.heads = shares ? problem.group() : problem.h_q;
  form.kv_heads = shares ? 1 : problem.h_kv;
  form.additive = problem.alibi;
  form.mask_heads = form.additive ? form.heads : 1;
  form.queries = depth_of(c, &SequenceLengths::q_len);
  form.keys = depth_of(c, &SequenceLengths::kv_len);
  form.d_qk = problem.d_qk;
  form.d_v = problem.d_v;
  return form;
}

Rectangles rectangles_of(const LaidOut& io) {
  const Padding padding = io.question.layout.padding;
  Rectangles all;
  all.form = form_of(io.question);
  all.q = rectangle(io.q, padding, all.form.queries);
  all.k = rectangle(io.k, padding, all.form.keys);
  all.v = rectangle(io.v, padding, all.form.keys);
  all.o.assign(
      all.q.size() / static_cast<std::size_t>(all.form.d_qk) * static_cast<std::size_t>(all.form.d_v),
      std::numeric_limits<float>::quiet_NaN());
  if (all.form.additive)
    fill_bias(io, all);
  else
    fill_boolean_mask(io, all);
  return all;
}

void scatter(const Rectangles& from, LaidOut& io) {
  LaidOutTensor& to = io.o;
  for_each_row(to, io.question.layout.padding, from.form.queries,
               [&](int s, int head, int row, std::size_t at) {
                 const auto address = static_cast<std::size_t>(to.place.address(s, row, head));
                 store_elements(to.dtype, to.body() + address * bytes_of(to.dtype),
                                std::span(from.o).subspan(at, static_cast<std::size_t>(to.place.width)));
               });
}

}  // namespace flashdiff::openvino
