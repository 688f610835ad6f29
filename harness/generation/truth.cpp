#include "harness/generation/truth.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "harness/problem/numbers.h"
#include "reference/attention.h"
#include "reference/rotary.h"

namespace flashdiff::generation {

struct Truth::Computed {
  Numerics attention, turned;
  BudgetedAttention answer;
  std::map<std::pair<int, int>, Row> rows;  ///< every convention asks for the same ones
};

void turn_in_double(const Model& model, const LogicalTensor<float>& from, const std::vector<int>& text,
                    LogicalTensor<float>& to, int sequence) {
  Problem p = model.problem();
  p.rope = model.rope;
  const int pairs = p.rope_dim() / 2;
  for (int head = 0; head < from.heads(); ++head)
    for (int i = 0; i < static_cast<int>(text.size()); ++i) {
      const float* in = from.row(0, head, text[static_cast<std::size_t>(i)]);
      float* out = to.row(sequence, head, i);
      std::copy_n(in, from.width(), out);
      for (int j = 0; j < pairs; ++j) {
        const bool half = p.rope->form == RopeForm::half;
        const int x = half ? j : 2 * j, y = half ? j + pairs : 2 * j + 1;
        const double angle = i * std::pow(static_cast<double>(p.rope->base), -1.0 * j / pairs);
        out[x] = rounded(model.dtype, static_cast<float>(in[x] * std::cos(angle) - in[y] * std::sin(angle)));
        out[y] = rounded(model.dtype, static_cast<float>(in[y] * std::cos(angle) + in[x] * std::sin(angle)));
      }
    }
}

namespace {

/// A row's tokens as a problem's data.
void put(const Model& model, const std::vector<int>& text, int sequence, LogicalData& data) {
  turn_in_double(model, model.q, text, data.q, sequence);
  turn_in_double(model, model.k, text, data.k, sequence);
  for (int head = 0; head < model.v.heads(); ++head)
    for (int i = 0; i < static_cast<int>(text.size()); ++i)
      std::copy_n(model.v.row(0, head, text[static_cast<std::size_t>(i)]), model.v.width(),
                  data.v.row(sequence, head, i));
}

LogicalData room_for(const Model& model, const std::vector<int>& lengths) {
  return {{lengths, model.q.heads(), model.q.width()},
          {lengths, model.k.heads(), model.k.width()},
          {lengths, model.v.heads(), model.v.width()}};
}

template <class T>
std::vector<double> all_heads(const LogicalTensor<T>& tensor, int sequence, int row) {
  std::vector<double> values;
  for (int head = 0; head < tensor.heads(); ++head) {
    const T* from = tensor.row(sequence, head, row);
    values.insert(values.end(), from, from + tensor.width());
  }
  return values;
}

/// The greedy token behind a text.
Model::Next next_of(const Model& model, const std::vector<int>& text) {
  const int n = static_cast<int>(text.size());
  LogicalData data = room_for(model, {n});
  put(model, text, 0, data);
  LogicalTensor<float> last({1}, model.q.heads(), model.q.width());
  for (int head = 0; head < last.heads(); ++head)
    std::copy_n(data.q.row(0, head, n - 1), last.width(), last.row(0, head, 0));
  data.q = std::move(last);
  Problem p = model.problem();
  p.sequences = {{1, n}};
  return model.next(all_heads(attention_forward(p, data).o, 0, 0));
}

/// How far a score may move where Q and K were turned at other positions, by another table, and rounded: the
/// truth's are turned in double and rounded once. With e = the dtype's unit roundoff + sqrt(2) (the
/// append's own relative error + 2^-25, the table's rounding), an element of a turned pair of norm n is
/// within n e of exact, a pair within sqrt(2) n e; truth and kernel together twice that. So for pairs of
/// norms q and k
///
///   |ds| <= scale * sum over pairs of 2 (2 sqrt(2) e) q k (1 + sqrt(2) e)
///
/// plus what underflow costs (smallest_subnormal for the rounding of each element).
double score_error(const Model& model, const float* q, const float* k, const Numerics& turned) {
  const Problem p = [&] {
    Problem one = model.problem();
    one.rope = model.rope;
    return one;
  }();
  const Format format = format_of(model.dtype);
  const double root = std::sqrt(2.0);
  const double e = format.unit_roundoff + root * (budget::turned_relative(turned) + 0x1p-25);
  double sum = 0;
  const int pairs = p.rope_dim() / 2;
  for (int j = 0; j < pairs; ++j) {
    const bool half = p.rope->form == RopeForm::half;
    const int x = half ? j : 2 * j, y = half ? j + pairs : 2 * j + 1;
    const double q_norm = std::hypot(q[x], q[y]), k_norm = std::hypot(k[x], k[y]);
    const double lost = 2 * root * format.smallest_subnormal;
    sum += 4 * root * e * q_norm * k_norm * (1 + root * e) + lost * (q_norm + k_norm);
  }
  return std::fabs(static_cast<double>(model.scale)) * sum;
}

}  // namespace

Truth::Truth(const Asked& asked, int steps) : model_(asked.model), problem_(asked.model.problem()) {
  std::vector<int> lengths;
  for (const std::vector<int>& prompt : asked.prompts) {
    auto& text = texts_.emplace_back(prompt);
    auto& next = next_.emplace_back();
    prompt_.push_back(static_cast<int>(prompt.size()));
    for (int step = 0; step <= steps; ++step) {
      next.push_back(next_of(model_, text));
      if (step < steps) text.push_back(next.back().token);
    }
    lengths.push_back(static_cast<int>(text.size()));
    problem_.sequences.push_back({lengths.back(), lengths.back()});
  }
  problem_.mask.kind = MaskKind::causal_bottom_right;
  data_ = room_for(model_, lengths);
  for (int row = 0; row < rows(); ++row) put(model_, text(row), row, data_);
}

Model::Next Truth::next(int row, int index) const {
  const auto r = static_cast<std::size_t>(row);
  return next_[r].begin()[index - prompt_[r] + 1];
}

Truth::Computed& Truth::computed(const Numerics& attention, const Numerics& turned) const {
  for (const auto& known : computed_)
    if (known->attention == attention && known->turned == turned) return *known;
  computed_.push_back(std::make_shared<Computed>(
      Computed{attention, turned, attention_forward_with_budget(problem_, data_, attention), {}}));
  return *computed_.back();
}

const Truth::Row& Truth::at(int row, int index, const Numerics& attention, const Numerics& turned) const {
  Computed& found = computed(attention, turned);
  const auto [at, fresh] = found.rows.try_emplace({row, index});
  if (fresh) at->second = row_of(found, row, index);
  return at->second;
}

// The budget of the attention, and what the weights' error through Q and K adds: with |ds_j| <= H for each
// visible key, |dO_c| <= e^H (e^H - 1) times the standard deviation of V's column c under P (Cauchy, as in
// reference/element_budget.h). The attention's own budget was derived at the truth's scores, and may be
// e^(2 H) of that at the kernel's.
Truth::Row Truth::row_of(const Computed& computed, int row, int index) const {
  const BudgetedAttention& found = computed.answer;
  Row out{all_heads(found.reference.o, row, index), all_heads(found.o_budget, row, index)};
  if (!model_.rope) return out;
  const int group = problem_.group(), width = model_.v.width(), d = model_.q.width();
  std::vector<double> weights(static_cast<std::size_t>(index) + 1);
  for (int head = 0; head < model_.q.heads(); ++head) {
    const float* q = data_.q.row(row, head, index);
    const double lse = *found.reference.lse.row(row, head, index);
    double largest = 0;
    for (int key = 0; key <= index; ++key) {
      const float* k = data_.k.row(row, head / group, key);
      double dot = 0;
      for (int c = 0; c < d; ++c) dot += static_cast<double>(q[c]) * static_cast<double>(k[c]);
      weights[static_cast<std::size_t>(key)] = std::exp(dot * static_cast<double>(model_.scale) - lse);
      largest = std::max(largest, score_error(model_, q, k, computed.turned));
    }
    for (int c = 0; c < width; ++c) {
      const std::size_t at =
          static_cast<std::size_t>(head) * static_cast<std::size_t>(width) + static_cast<std::size_t>(c);
      double variance = 0;
      for (int key = 0; key <= index; ++key) {
        const double off = static_cast<double>(data_.v.row(row, head / group, key)[c]) - out.o[at];
        variance += weights[static_cast<std::size_t>(key)] * off * off;
      }
      out.budget[at] = out.budget[at] * std::exp(2 * largest) +
                       std::exp(largest) * std::expm1(largest) * std::sqrt(variance);
    }
  }
  return out;
}

}  // namespace flashdiff::generation
