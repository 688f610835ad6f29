#include "harness/backend/cudnn/handed.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "harness/problem/modifiers.h"
#include "harness/problem/numbers.h"

namespace flashdiff::cudnn {
namespace {

constexpr std::size_t kGuard = LaidOutTensor::guard_bytes;
constexpr std::byte kPoison{0xff};  // NaN in every floating-point type

/// Of slots.h, in the order of TensorRole.
const char* slot_name(TensorRole role) {
  static constexpr std::array kNames{"q", "k", "v", "o", "stats", "d_o", "dq", "dk", "dv"};
  return kNames.at(static_cast<std::size_t>(role));
}

template <class T>
Handed metadata(std::string name, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {std::move(name), {bytes.begin(), bytes.end()}, 0};
}

std::size_t bytes_at(const LaidOutTensor& tensor, std::int64_t element) {
  return kGuard + static_cast<std::size_t>(element) * bytes_of(tensor.dtype);
}
std::size_t row_bytes(const LaidOutTensor& tensor) {
  return static_cast<std::size_t>(tensor.place.width) * bytes_of(tensor.dtype);
}

/// Every (sequence, head) of a tensor's logical rows.
template <class Visit>
void for_each_row(const Placement& place, Visit visit) {
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    for (int h = 0; h < place.heads; ++h)
      for (int r = 0; r < place.rows[static_cast<std::size_t>(s)]; ++r) visit(s, h, r);
}

/// Every row of the rectangle that `dims` describes and that holds no logical row, by the byte it begins at.
template <class Visit>
void for_each_padding_row(const LaidOutTensor& tensor, std::int64_t rows, Visit visit) {
  const Placement& place = tensor.place;
  for (std::size_t s = 0; s < place.rows.size(); ++s) {
    std::vector<bool> taken(static_cast<std::size_t>(rows));
    for (int r = 0; r < place.rows[s]; ++r)
      taken[static_cast<std::size_t>(place.lies_at(static_cast<int>(s), r))] = true;
    for (int h = 0; h < place.heads; ++h)
      for (std::int64_t r = 0; r < rows; ++r) {
        if (taken[static_cast<std::size_t>(r)]) continue;
        visit(bytes_at(tensor, place.origin + static_cast<std::int64_t>(s) * place.batch_stride +
                                   r * place.row_stride + h * place.head_stride));
      }
  }
}

/// Of each sequence's first row, from where the tensor's first element is; then the end of the last.
std::vector<std::int64_t> offsets_of(const Placement& place) {
  std::vector<std::int64_t> offsets;
  std::int64_t end = 0;
  for (std::size_t s = 0; s < place.rows.size(); ++s) {
    offsets.push_back(static_cast<std::int64_t>(s) * place.batch_stride +
                      place.first_row[s] * place.row_stride);
    end = std::max(end, offsets.back() + place.rows[s] * place.row_stride);
  }
  offsets.push_back(end);
  return offsets;
}

Handed offsets(const std::string& name, const std::vector<std::int64_t>& all) {
  return metadata(name + "_offset", std::vector<std::int32_t>(all.begin(), all.end()));
}

/// Rows one behind the other, heads side by side, between guard bands.
struct Compact {
  std::vector<std::int64_t> first;  ///< element of each sequence's first row; then the end
  explicit Compact(const Placement& place)
      : pitch_(std::int64_t{place.heads} * place.width), width_(place.width) {
    first.push_back(0);
    for (const int rows : place.rows) first.push_back(first.back() + rows * pitch_);
  }
  [[nodiscard]] std::int64_t element(int s, int h, int r) const {
    return first[static_cast<std::size_t>(s)] + r * pitch_ + h * width_;
  }

 private:
  std::int64_t pitch_, width_;
};

Handed compacted(const LaidOutTensor& tensor) {
  const Compact rows(tensor.place);
  Handed handed{slot_name(tensor.role), {}, kGuard};
  handed.bytes.assign(bytes_at(tensor, rows.first.back()) + kGuard, kPoison);
  for_each_row(tensor.place, [&](int s, int h, int r) {
    std::memcpy(handed.bytes.data() + bytes_at(tensor, rows.element(s, h, r)),
                tensor.bytes.data() + bytes_at(tensor, tensor.place.address(s, r, h)), row_bytes(tensor));
  });
  return handed;
}

Handed as_it_lies(const LaidOutTensor& tensor) {
  return {slot_name(tensor.role), tensor.bytes, bytes_at(tensor, tensor.place.origin)};
}

/// Byte of the stats, [sequence][head][row] without gaps. Rows count from a sequence's first one, but by
/// `bias`, which knows of no first row.
std::size_t stats_at(const Graph& graph, const Placement& lse, int s, int h, int r) {
  const std::int64_t row = graph.bias ? lse.lies_at(s, r) : r;
  return kGuard + sizeof(float) *
                      static_cast<std::size_t>(s * graph.stats.strides[0] + h * graph.stats.strides[1] + row);
}

/// Room for the stats, with LSE in it where the pass is handed it. What is no row's is poison; by `bias`,
/// whose rows of padding are rows like others, 0.
Handed stats(const LaidOut& sent, const Graph& graph, Way way) {
  const bool given = sent.question.problem.pass == Pass::backward;
  const std::size_t floats =
      static_cast<std::size_t>(graph.stats.dims[0]) * static_cast<std::size_t>(graph.stats.strides[0]);
  Handed handed{"stats", std::vector<std::byte>(2 * kGuard + floats * sizeof(float), kPoison), kGuard};
  if (!given) return handed;
  if (way == Way::bias) std::fill(handed.bytes.begin() + kGuard, handed.bytes.end() - kGuard, std::byte{0});
  const LaidOutTensor& lse = sent.lse;
  for_each_row(lse.place, [&](int s, int h, int r) {
    std::memcpy(handed.bytes.data() + stats_at(graph, lse.place, s, h, r),
                lse.bytes.data() + bytes_at(lse, lse.place.address(s, r, h)), sizeof(float));
  });
  return handed;
}

/// 0 where a query sees a key, else -inf, in 16 bits: [sequence][1][row][key] of the rectangles.
Handed bias(const LaidOut& sent, const Graph& graph) {
  const Problem& problem = sent.question.problem;
  const Placement &q = sent.q.place, &k = sent.k.place;
  const auto rows = static_cast<std::size_t>(graph.q.dims[2]),
             keys = static_cast<std::size_t>(graph.k.dims[2]);
  const std::uint16_t hidden = problem.dtype == DType::f16 ? 0xfc00 : 0xff80;  // -inf
  std::vector<std::uint16_t> values(problem.sequences.size() * rows * keys, hidden);
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    for (int i = 0; i < lengths.q_len; ++i) {
      const KeyRange seen = visible_keys(problem.mask, lengths, i);
      const std::size_t row = static_cast<std::size_t>(s) * rows + static_cast<std::size_t>(q.lies_at(s, i));
      for (int j = seen.begin; j < seen.end; ++j)
        values[row * keys + static_cast<std::size_t>(k.lies_at(s, j))] = 0;
    }
  }
  return metadata("bias", values);
}

/// The tensors of the case that the graph has, but for LSE.
std::vector<TensorRole> roles_of(Pass pass) {
  if (pass == Pass::backward)
    return {TensorRole::q,   TensorRole::k,  TensorRole::v,  TensorRole::o,
            TensorRole::d_o, TensorRole::dq, TensorRole::dk, TensorRole::dv};
  return {TensorRole::q, TensorRole::k, TensorRole::v, TensorRole::o};
}

bool in_pages(const LaidOutTensor& tensor) { return tensor.place.page > 0; }

std::int64_t rows_in(const Graph& graph, TensorRole role) {
  return follows_queries(role) ? graph.q.dims[2] : graph.k.dims[2];
}

}  // namespace

std::string why_not_handed(const Case& c, Way way) {
  if (way == Way::bias && c.problem.alibi) return "ALiBi as a bias would be rounded to 16 bits";
  for (const TensorRole role : roles_of(c.problem.pass)) {
    const Placement at = place(c.problem, c.layout, role);
    if (at.page > 0) {
      if (std::any_of(at.first_row.begin(), at.first_row.end(), [](auto row) { return row != 0; }))
        return "a sequence whose first row lies within a page";
    } else if (way == Way::ragged && offsets_of(at).back() > std::numeric_limits<std::int32_t>::max()) {
      return "offsets of more than 32 bits";
    }
  }
  return {};
}

std::vector<Handed> handed_over(const LaidOut& sent, Handing handing) {
  const Problem& problem = sent.question.problem;
  const Way way = handing.way;
  const Graph graph = graph_of(sent.question, handing).value();
  std::vector<Handed> all;
  for (const TensorRole role : roles_of(problem.pass)) {
    const LaidOutTensor& tensor = sent.of(role);
    all.push_back(way == Way::compaction ? compacted(tensor) : as_it_lies(tensor));
    if (way == Way::bias && !tensor.output)
      for_each_padding_row(tensor, rows_in(graph, role), [&](std::size_t at) {
        std::memset(all.back().bytes.data() + at, 0, row_bytes(tensor));
      });
    if (!graph.ragged || in_pages(tensor)) continue;
    all.push_back(offsets(slot_name(role),
                          way == Way::compaction ? Compact(tensor.place).first : offsets_of(tensor.place)));
  }
  if (!graph.inference) all.push_back(stats(sent, graph, way));
  if (graph.lengths) {
    std::vector<std::int32_t> q, kv;
    for (const SequenceLengths& one : problem.sequences) {
      q.push_back(one.q_len);
      kv.push_back(one.kv_len);
    }
    all.push_back(metadata("seq_len_q", q));
    all.push_back(metadata("seq_len_kv", kv));
  }
  if (graph.bias) all.push_back(bias(sent, graph));
  if (graph.page > 0) {
    // Behind a sequence's own pages stands some page of the pool: a table of a caller's has no other numbers.
    std::vector<std::int32_t> table = sent.k.place.block_table;
    std::replace(table.begin(), table.end(), Placement::no_page, 0);
    all.push_back(metadata("page_table_k", table));
    all.push_back(metadata("page_table_v", table));
  }
  if (graph.sink) {
    std::vector<float> logits;
    logits.reserve(static_cast<std::size_t>(problem.h_q));
    for (int h = 0; h < problem.h_q; ++h) logits.push_back(sink_logit(problem, h));
    all.push_back(metadata("sink", logits));
    if (graph.backward) all.push_back(metadata("dsink", logits));  // an output that nobody asks for
  }
  return all;
}

bool writes_padding_rows(Way way) { return way == Way::lengths || way == Way::bias; }

namespace {

/// Of a copy: its logical rows, and whatever has become of its guard bands.
void take_back_compacted(const Handed& sent, const Handed& back, LaidOutTensor& tensor) {
  const Compact rows(tensor.place);
  if (tensor.output)
    for_each_row(tensor.place, [&](int s, int h, int r) {
      std::memcpy(tensor.bytes.data() + bytes_at(tensor, tensor.place.address(s, r, h)),
                  back.bytes.data() + bytes_at(tensor, rows.element(s, h, r)), row_bytes(tensor));
    });
  for (std::size_t i = 0; i < kGuard; ++i) {
    if (back.bytes[i] != sent.bytes[i]) tensor.bytes[i] = back.bytes[i];
    const std::size_t there = back.bytes.size() - kGuard + i;
    if (back.bytes[there] != sent.bytes[there])
      tensor.bytes[tensor.bytes.size() - kGuard + i] = back.bytes[there];
  }
}

void take_back_lying(const Handed& sent, Handed back, std::int64_t rows, bool padding_written,
                     LaidOutTensor& tensor) {
  if (padding_written && tensor.output)
    for_each_padding_row(tensor, rows, [&](std::size_t at) {
      std::memcpy(back.bytes.data() + at, sent.bytes.data() + at, row_bytes(tensor));
    });
  for (std::size_t i = 0; i < back.bytes.size(); ++i)
    if (back.bytes[i] != sent.bytes[i]) tensor.bytes[i] = back.bytes[i];
}

}  // namespace

void take_back(const std::vector<Handed>& sent, const std::vector<Handed>& back, Handing handing,
               LaidOut& io) {
  const Pass pass = io.question.problem.pass;
  const Way way = handing.way;
  const Graph graph = graph_of(io.question, handing).value();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (sent[i].name == "stats" && pass == Pass::forward)
      for_each_row(io.lse.place, [&](int s, int h, int r) {
        std::memcpy(io.lse.bytes.data() + bytes_at(io.lse, io.lse.place.address(s, r, h)),
                    back[i].bytes.data() + stats_at(graph, io.lse.place, s, h, r), sizeof(float));
      });
    for (const TensorRole role : roles_of(pass)) {
      if (sent[i].name != slot_name(role)) continue;
      LaidOutTensor& tensor = io.of(role);
      if (way == Way::compaction)
        take_back_compacted(sent[i], back[i], tensor);
      else
        take_back_lying(sent[i], back[i], rows_in(graph, role), writes_padding_rows(way), tensor);
    }
  }
}

}  // namespace flashdiff::cudnn
