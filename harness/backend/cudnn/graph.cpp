#include "harness/backend/cudnn/graph.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "harness/problem/numbers.h"

namespace flashdiff::cudnn {
namespace {

/// Rows that a sequence's rectangle has, spare ones included; of a packed tensor there is none.
std::int64_t rows_of_rectangle(const Placement& place) {
  if (place.batch_stride == 0) return 0;
  // bhsd: a head's rows follow each other; bshd: a sequence's do. Of one head both do, and its stride may be
  // a row's.
  return place.heads > 1 && place.head_stride >= place.row_stride ? place.head_stride / place.row_stride
                                                                  : place.batch_stride / place.row_stride;
}

std::int64_t longest(const Placement& place) {
  return place.rows.empty() ? 0 : *std::max_element(place.rows.begin(), place.rows.end());
}

bool begin_at_row_0(const Placement& place) {
  return place.batch_stride != 0 &&
         std::all_of(place.first_row.begin(), place.first_row.end(), [](auto row) { return row == 0; });
}

/// A tensor as it lies; `rows`: how many of a sequence's rows it has.
Tensor as_it_lies(const Placement& place, std::int64_t rows) {
  const auto batch = static_cast<std::int64_t>(place.rows.size());
  // Packed: no stride leads from one sequence to the next; the offsets do.
  const std::int64_t batch_stride =
      place.batch_stride != 0 ? place.batch_stride : rows * std::max(place.row_stride, place.head_stride);
  return {{batch, place.heads, rows, place.width}, {batch_stride, place.head_stride, place.row_stride, 1}};
}

/// K or V as a pool of pages.
Tensor as_pages(const Placement& place) {
  return {{place.pages, place.heads, place.page, place.width},
          {place.batch_stride, place.head_stride, place.row_stride, 1}};
}

/// Rows one behind the other, heads side by side within a row.
Tensor compacted(const Placement& place) {
  const std::int64_t rows = longest(place), pitch = std::int64_t{place.heads} * place.width;
  return {{static_cast<std::int64_t>(place.rows.size()), place.heads, rows, place.width},
          {rows * pitch, place.width, pitch, 1}};
}

void put_mask(const Problem& problem, Graph& graph) {
  const Mask& mask = problem.mask;
  const bool decode = std::all_of(problem.sequences.begin(), problem.sequences.end(),
                                  [](const SequenceLengths& one) { return one.q_len <= 1; });
  switch (mask.kind) {
    case MaskKind::none: return;
    case MaskKind::causal_top_left: graph.right = 0; return;
    case MaskKind::causal_bottom_right:
      // One query a sequence sees all keys: without a mask, as the release notes of 9.18.1 advise for decode.
      if (decode) return;
      graph.right = 0;
      graph.bottom_right = true;
      return;
    case MaskKind::window:
      graph.bottom_right = true;
      // Its left bound counts the diagonal: keys j > i - left.
      if (mask.left != Mask::unbounded) graph.left = mask.left + 1;
      if (mask.right != Mask::unbounded) graph.right = mask.right;
      return;
  }
}

/// Its ALiBi adds slope (j - i), with slopes of its own making (cudnn_frontend,
/// scaled_dot_product_flash_attention.h).
std::string why_not_alibi(const Problem& problem) {
  if (!std::has_single_bit(static_cast<unsigned>(problem.h_q)))
    return fmt::format("its ALiBi has other slopes than 2^(-8 (h + 1) / {0}) for {0} heads, no power of two",
                       problem.h_q);
  const auto& all = problem.sequences;
  if (std::any_of(all.begin(), all.end(), [](const SequenceLengths& one) { return one.q_len != one.kv_len; }))
    return "its ALiBi counts from the first query and key, not from the last ones: LSE would shift where "
           "q_len is not kv_len";
  return {};
}

std::string why_not(const Case& c, Handing handing) {
  const Problem& problem = c.problem;
  const Way way = handing.way;
  if (problem.pass == Pass::append) return "its attention appends no tokens to a cache";
  if (problem.pass == Pass::backward && handing.inference) return "inference has no backward pass";
  if (problem.pass == Pass::backward && c.layout.page > 0) return "its backward pass takes no pages";
  const auto any = [&problem](int SequenceLengths::*rows) {
    return std::any_of(problem.sequences.begin(), problem.sequences.end(),
                       [rows](const SequenceLengths& one) { return one.*rows > 0; });
  };
  if (!any(&SequenceLengths::q_len) || !any(&SequenceLengths::kv_len))
    return "no sequence has a query, or none a key: a graph has no tensors without rows";
  if (way != Way::bias && problem.alibi)
    if (std::string why = why_not_alibi(problem); !why.empty()) return why;
  const std::vector<Way> ways = ways_of(c);
  if (std::find(ways.begin(), ways.end(), way) == ways.end())
    return fmt::format("a batch that is {}{} cannot be handed over by {}", name_of(c.layout.padding),
                       c.layout.page > 0   ? " and in pages"
                       : c.layout.hole > 0 ? " with holes"
                                           : "",
                       name_of(way));
  return {};
}

}  // namespace

const char* name_of(Way way) {
  switch (way) {
    case Way::lengths: return "lengths";
    case Way::ragged: return "ragged";
    case Way::bias: return "bias";
    case Way::compaction: break;
  }
  return "compaction";
}

Way way_of(const Case& c) {
  const std::vector<Way> ways = ways_of(c);
  return ways.empty() ? Way::ragged : ways.front();
}

std::vector<Way> ways_of(const Case& c) {
  const Placement q = place(c.problem, c.layout, TensorRole::q),
                  k = place(c.problem, c.layout, TensorRole::k);
  std::vector<Way> ways;
  if (c.layout.hole > 0) return {Way::bias, Way::compaction};
  if (begin_at_row_0(q) && begin_at_row_0(k)) ways.push_back(Way::lengths);
  if (c.layout.page > 0) return ways.empty() ? std::vector{Way::ragged} : ways;
  ways.push_back(Way::ragged);
  if (c.layout.padding == Padding::packed) return ways;
  ways.push_back(Way::bias);
  ways.push_back(Way::compaction);
  return ways;
}

Outcome<Graph> graph_of(const Case& c, Handing handing) {
  if (std::string why = why_not(c, handing); !why.empty()) return unsupported(std::move(why));
  const Way way = handing.way;
  const Problem& problem = c.problem;
  const auto placed = [&c](TensorRole role) { return place(c.problem, c.layout, role); };
  const Placement q = placed(TensorRole::q), k = placed(TensorRole::k), v = placed(TensorRole::v);
  const Placement o = placed(TensorRole::o);

  Graph graph;
  graph.backward = problem.pass == Pass::backward;
  graph.deterministic = graph.backward;
  graph.dtype = problem.dtype;
  graph.scale = problem.softmax_scale();
  if (problem.softcap) graph.softcap = *problem.softcap;
  graph.sink = problem.sink.has_value();
  const auto shape = [way](const Placement& place) {
    if (way == Way::compaction) return compacted(place);
    return as_it_lies(place, way == Way::bias ? rows_of_rectangle(place) : longest(place));
  };
  graph.q = shape(q);
  graph.k = shape(k);
  graph.v = shape(v);
  graph.o = shape(o);
  if (graph.backward) {
    graph.d_o = shape(placed(TensorRole::d_o));
    graph.dq = shape(placed(TensorRole::dq));
    graph.dk = shape(placed(TensorRole::dk));
    graph.dv = shape(placed(TensorRole::dv));
  }
  graph.inference = handing.inference;
  if (const std::int64_t rows = graph.q.dims[2]; !graph.inference)
    graph.stats = {{graph.q.dims[0], problem.h_q, rows, 1}, {problem.h_q * rows, rows, 1, 1}};
  if (way == Way::bias) {
    graph.bias = true;
    graph.bias_heads = problem.alibi ? problem.h_q : 1;
    return graph;
  }
  graph.lengths = true;
  graph.ragged = way != Way::lengths;
  graph.alibi = problem.alibi;
  put_mask(problem, graph);
  if (k.page > 0) {
    graph.page = k.page;
    graph.pages = k.pages;
    graph.table_columns = k.table_columns;
    graph.k = as_pages(k);
    graph.v = as_pages(v);
  }
  return graph;
}

std::int64_t way_bytes(const Case& c, Way way) {
  const auto size = static_cast<std::int64_t>(bytes_of(c.problem.dtype));
  const Placement q = place(c.problem, c.layout, TensorRole::q),
                  k = place(c.problem, c.layout, TensorRole::k);
  const std::int64_t batch = c.problem.batch();
  if (way == Way::bias)
    return size * batch * (c.problem.alibi ? c.problem.h_q : 1) * rows_of_rectangle(q) * rows_of_rectangle(k);
  const std::int64_t lengths = 2 * batch * 4, offsets = 4 * (batch + 1) * 4;
  if (way == Way::lengths) return lengths;
  if (way == Way::ragged) return lengths + offsets;
  std::int64_t copied = 0;
  for (const SequenceLengths& one : c.problem.sequences)
    copied += (std::int64_t{one.q_len} * c.problem.h_q + std::int64_t{one.kv_len} * c.problem.h_kv) *
              (c.problem.d_qk + c.problem.d_v);
  return lengths + offsets + copied * size;
}

}  // namespace flashdiff::cudnn
