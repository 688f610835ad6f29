#include "properties/tests/backend/cudnn/graph_meaning.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "harness/problem/numbers.h"

namespace flashdiff::cudnn::testing {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

/// A call's tensors by name.
class Call {
 public:
  Call(const Graph& graph, std::span<std::byte> block, const std::vector<Piece>& tensors)
      : graph_(graph), block_(block) {
    for (const Piece& one : tensors) by_name_[one.name] = one;
  }
  [[nodiscard]] std::byte* first_of(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) throw std::runtime_error("a call without " + name);
    return block_.data() + found->second.at + found->second.first;
  }
  [[nodiscard]] std::int32_t integer(const std::string& name, std::int64_t index) const {
    std::int32_t value = 0;
    std::memcpy(&value, first_of(name) + 4 * index, 4);
    return value;
  }
  [[nodiscard]] float single(const std::string& name, std::int64_t index) const {
    float value = 0;
    std::memcpy(&value, first_of(name) + 4 * index, 4);
    return value;
  }
  /// Where a row begins: by its sequence's offset, in its page, or by the strides alone.
  [[nodiscard]] std::byte* row(const std::string& name, const Tensor& tensor, std::int64_t b, std::int64_t h,
                               std::int64_t r) const {
    std::int64_t element = h * tensor.strides[1];
    const bool paged = graph_.page > 0 && (name == "k" || name == "v");
    if (paged)
      element +=
          integer("page_table_" + name, b * graph_.table_columns + r / graph_.page) * tensor.strides[0] +
          r % graph_.page * tensor.strides[2];
    else
      element +=
          (graph_.ragged ? integer(name + "_offset", b) : b * tensor.strides[0]) + r * tensor.strides[2];
    return first_of(name) + element * static_cast<std::int64_t>(bytes_of(graph_.dtype));
  }
  [[nodiscard]] std::vector<double> load(const std::string& name, const Tensor& tensor, std::int64_t b,
                                         std::int64_t h, std::int64_t r) const {
    std::vector<double> values;
    const std::byte* at = row(name, tensor, b, h, r);
    for (std::int64_t c = 0; c < tensor.dims[3]; ++c, at += bytes_of(graph_.dtype))
      values.push_back(static_cast<double>(load_element(graph_.dtype, at)));
    return values;
  }
  void store(const std::string& name, const Tensor& tensor, std::int64_t b, std::int64_t h, std::int64_t r,
             const std::vector<double>& values) const {
    std::byte* at = row(name, tensor, b, h, r);
    for (std::int64_t c = 0; c < tensor.dims[3]; ++c, at += bytes_of(graph_.dtype))
      store_element(graph_.dtype, at, static_cast<float>(values[static_cast<std::size_t>(c)]));
  }
  [[nodiscard]] std::byte* stats(std::int64_t b, std::int64_t h, std::int64_t r) const {
    return first_of("stats") + 4 * (b * graph_.stats.strides[0] + h * graph_.stats.strides[1] + r);
  }
  [[nodiscard]] std::int64_t length(const std::string& side, std::int64_t b, std::int64_t all) const {
    return graph_.lengths ? integer("seq_len_" + side, b) : all;
  }
  const Graph& graph() const { return graph_; }

 private:
  const Graph& graph_;
  std::span<std::byte> block_;
  std::map<std::string, Piece> by_name_;
};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
void add(std::vector<double>& to, double factor, const std::vector<double>& what) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * what[i];
}

/// One sequence and head of Q.
struct Head {
  const Call& call;
  std::int64_t b, h, kv_head, rows, keys;

  Head(const Call& of, std::int64_t sequence, std::int64_t head)
      : call(of),
        b(sequence),
        h(head),
        kv_head(head / (of.graph().q.dims[1] / of.graph().k.dims[1])),
        rows(of.length("q", sequence, of.graph().q.dims[2])),
        keys(of.length("kv", sequence, of.graph().k.dims[2])) {}

  [[nodiscard]] double capped(const std::vector<double>& q, std::int64_t j) const {
    const Graph& g = call.graph();
    const double s = g.scale * dot(q, call.load("k", g.k, b, kv_head, j));
    return g.softcap ? *g.softcap * std::tanh(s / *g.softcap) : s;
  }
  /// d capped / d (scale q k).
  [[nodiscard]] double slope(const std::vector<double>& q, std::int64_t j) const {
    const Graph& g = call.graph();
    return g.softcap ? 1 - std::pow(capped(q, j) / *g.softcap, 2) : 1;
  }
  [[nodiscard]] double score(const std::vector<double>& q, std::int64_t i, std::int64_t j) const {
    const Graph& g = call.graph();
    const std::int64_t diagonal = i + (g.bottom_right ? keys - rows : 0);
    if (g.right && j > diagonal + *g.right) return kNone;
    if (g.left && j <= diagonal - *g.left) return kNone;
    double s = capped(q, j);
    if (g.alibi)
      s -= std::exp2(-8.0 * static_cast<double>(h + 1) / static_cast<double>(g.q.dims[1])) *
           static_cast<double>(std::abs(i - j));
    if (g.bias) {
      const std::int64_t at = (b * g.bias_heads * g.q.dims[2] + i) * g.k.dims[2] + j;
      s += static_cast<double>(
          load_element(g.dtype, call.first_of("bias") + at * static_cast<std::int64_t>(bytes_of(g.dtype))));
    }
    return s;
  }
};

void forward(const Call& call, const Head& head) {
  const Graph& g = call.graph();
  for (std::int64_t i = 0; i < head.rows; ++i) {
    const std::vector<double> q = call.load("q", g.q, head.b, head.h, i);
    std::vector<double> scores;
    double largest = g.sink ? static_cast<double>(call.single("sink", head.h)) : kNone;
    for (std::int64_t j = 0; j < head.keys; ++j) {
      scores.push_back(head.score(q, i, j));
      largest = std::max(largest, scores.back());
    }
    double sum = g.sink ? std::exp(static_cast<double>(call.single("sink", head.h)) - largest) : 0;
    std::vector<double> o(static_cast<std::size_t>(g.v.dims[3]));
    for (std::int64_t j = 0; j < head.keys; ++j) {
      if (scores[static_cast<std::size_t>(j)] == kNone && !g.bias) continue;  // a bias hides, and still reads
      const double p = largest == kNone ? 0 : std::exp(scores[static_cast<std::size_t>(j)] - largest);
      sum += p;
      add(o, p, call.load("v", g.v, head.b, head.kv_head, j));
    }
    for (double& value : o) value = sum == 0 ? 0 : value / sum;
    call.store("o", g.o, head.b, head.h, i, o);
    if (g.inference) continue;
    const auto lse = static_cast<float>(sum == 0 ? kNone : largest + std::log(sum));
    std::memcpy(call.stats(head.b, head.h, i), &lse, 4);
  }
}

using Rows = std::vector<std::vector<double>>;

void backward(const Call& call, const Head& head, Rows& dk, Rows& dv) {
  const Graph& g = call.graph();
  for (std::int64_t i = 0; i < head.rows; ++i) {
    const auto q = call.load("q", g.q, head.b, head.h, i), o = call.load("o", g.o, head.b, head.h, i),
               d_o = call.load("d_o", g.d_o, head.b, head.h, i);
    float lse = 0;
    std::memcpy(&lse, call.stats(head.b, head.h, i), 4);
    std::vector<double> dq(q.size());
    for (std::int64_t j = 0; j < head.keys; ++j) {
      const double s = head.score(q, i, j);
      const double p = s == kNone ? 0 : std::exp(s - static_cast<double>(lse));
      if (p == 0) continue;
      const auto at = static_cast<std::size_t>(j);
      const double ds = p * (dot(d_o, call.load("v", g.v, head.b, head.kv_head, j)) - dot(d_o, o)) *
                        head.slope(q, j) * g.scale;
      add(dq, ds, call.load("k", g.k, head.b, head.kv_head, j));
      add(dk[at], ds, q);
      add(dv[at], p, d_o);
    }
    call.store("dq", g.dq, head.b, head.h, i, dq);
  }
}

/// Behind a length lies what nobody promised to leave alone.
void zero_behind(const Call& call, const std::string& name, const Tensor& tensor, const std::string& side) {
  if (call.graph().ragged || !call.graph().lengths) return;
  const std::vector<double> zeros(static_cast<std::size_t>(tensor.dims[3]));
  for (std::int64_t b = 0; b < tensor.dims[0]; ++b)
    for (std::int64_t h = 0; h < tensor.dims[1]; ++h)
      for (std::int64_t r = call.length(side, b, tensor.dims[2]); r < tensor.dims[2]; ++r)
        call.store(name, tensor, b, h, r, zeros);
}

}  // namespace

void compute(const Graph& graph, std::span<std::byte> block, const std::vector<Piece>& tensors) {
  const Call call(graph, block, tensors);
  for (std::int64_t b = 0; b < graph.q.dims[0]; ++b) {
    const auto keys = static_cast<std::size_t>(Head(call, b, 0).keys);
    const std::int64_t kv_heads = graph.k.dims[1], group = graph.q.dims[1] / kv_heads;
    for (std::int64_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
      Rows dk(keys, std::vector<double>(static_cast<std::size_t>(graph.k.dims[3])));
      Rows dv(keys, std::vector<double>(static_cast<std::size_t>(graph.v.dims[3])));
      for (std::int64_t h = kv_head * group; h < (kv_head + 1) * group; ++h) {
        const Head head(call, b, h);
        if (graph.backward)
          backward(call, head, dk, dv);
        else
          forward(call, head);
      }
      for (std::size_t j = 0; graph.backward && j < keys; ++j) {
        call.store("dk", graph.dk, b, kv_head, static_cast<std::int64_t>(j), dk[j]);
        call.store("dv", graph.dv, b, kv_head, static_cast<std::int64_t>(j), dv[j]);
      }
    }
  }
  if (!graph.backward) return zero_behind(call, "o", graph.o, "q");
  zero_behind(call, "dq", graph.dq, "q");
  zero_behind(call, "dk", graph.dk, "kv");
  zero_behind(call, "dv", graph.dv, "kv");
}

}  // namespace flashdiff::cudnn::testing
