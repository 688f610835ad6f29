#include "properties/simpler.h"

#include <algorithm>

#include "properties/appends.h"

namespace flashdiff {
namespace {

/// The steps of one kind, appended to `steps`.
using Steps = std::vector<Case>;

/// `c` with `change` made to a copy.
template <class Change>
void step(const Case& c, Steps& steps, Change change) {
  Case next = c;
  change(next);
  fit_append(next.problem);
  if (!(next == c)) steps.push_back(std::move(next));
}

/// value - (value - low), then closer and closer to value: what halving finds in a logarithm of steps.
std::vector<int> towards(int value, int low) {
  std::vector<int> values;
  for (const int one : {low, low + 1})
    if (one < value) values.push_back(one);
  for (int gap = (value - low) / 2; gap > 0; gap /= 2)
    if (value - gap > low + 1) values.push_back(value - gap);
  return values;
}

void keep_sequences(Case& c, std::size_t begin, std::size_t end) {
  Problem& p = c.problem;
  p.sequences = {p.sequences.begin() + static_cast<std::ptrdiff_t>(begin),
                 p.sequences.begin() + static_cast<std::ptrdiff_t>(end)};
  if (p.data_rows.empty()) return;
  p.data_rows = {p.data_rows.begin() + static_cast<std::ptrdiff_t>(begin),
                 p.data_rows.begin() + static_cast<std::ptrdiff_t>(end)};
}

void drop_sequences(Case& c, std::size_t begin, std::size_t end) {
  const auto drop = [begin, end](auto& list) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(begin),
               list.begin() + static_cast<std::ptrdiff_t>(end));
  };
  drop(c.problem.sequences);
  if (!c.problem.data_rows.empty()) drop(c.problem.data_rows);
}

/// All others have one row at most, which keeps how many they are.
void shorten_all_but(Case& c, std::size_t kept) {
  for (std::size_t s = 0; s < c.problem.sequences.size(); ++s) {
    SequenceLengths& one = c.problem.sequences[s];
    if (s != kept) one = {std::min(one.q_len, 1), std::min(one.kv_len, 1)};
  }
}

/// Of many sequences some are taken at once: one by one would take all the executions that a shrinking has.
void fewer_sequences(const Case& c, Steps& steps) {
  constexpr std::size_t kMany = 8;
  const auto& sequences = c.problem.sequences;
  const std::size_t batch = sequences.size(), parts = std::min(batch, kMany);
  if (batch == 1) return;
  const auto keys = [](const SequenceLengths& one) { return one.kv_len; };
  const auto longest =
      static_cast<std::size_t>(std::ranges::max_element(sequences, {}, keys) - sequences.begin());
  if (batch > kMany) step(c, steps, [longest](Case& n) { keep_sequences(n, longest, longest + 1); });
  for (std::size_t s = 0; s < batch && batch <= kMany; ++s)
    step(c, steps, [s](Case& n) { keep_sequences(n, s, s + 1); });
  if (batch == 2) return;
  step(c, steps, [batch](Case& n) { keep_sequences(n, 0, batch / 2); });
  step(c, steps, [batch](Case& n) { keep_sequences(n, batch / 2, batch); });
  for (std::size_t part = 0; part < parts; ++part)
    step(c, steps, [=](Case& n) { drop_sequences(n, batch * part / parts, batch * (part + 1) / parts); });
  if (batch <= kMany) return;
  step(c, steps, [longest](Case& n) { shorten_all_but(n, longest); });
  step(c, steps, [longest](Case& n) {
    const std::size_t other = longest > 0 ? 0 : n.problem.sequences.size() - 1;
    drop_sequences(n, other, other + 1);
  });
}

void fewer_heads(const Case& c, Steps& steps) {
  const int h_kv = c.problem.h_kv, group = c.problem.group();
  const auto heads = [&](int new_group, int new_h_kv) {
    step(c, steps, [=](Case& n) {
      n.problem.h_q = new_group * new_h_kv;
      n.problem.h_kv = new_h_kv;
    });
  };
  heads(1, 1);
  heads(group, 1);
  heads(1, h_kv);
  if (group > 2) heads(2, h_kv);
  if (h_kv > 2) heads(group, 2);
  if (h_kv > 4) heads(group, h_kv / 2);
}

/// Of all sequences together, which keeps what they have in common.
void shorter_batch(const Case& c, Steps& steps) {
  for (int most : {1, 2, 8, 16, 63, 64, 65, 128, 129})
    step(c, steps, [most](Case& n) {
      for (SequenceLengths& one : n.problem.sequences)
        one = {std::min(one.q_len, most), std::min(one.kv_len, most)};
    });
  for (int most : {0, 1, 2, 16, 64})
    step(c, steps, [most](Case& n) {
      for (SequenceLengths& one : n.problem.sequences) one.q_len = std::min(one.q_len, most);
    });
}

/// Of one sequence: a tile less keeps its residue, both lengths less by the same keeps the diagonal.
void shorter_sequences(const Case& c, Steps& steps) {
  for (std::size_t s = 0; s < c.problem.sequences.size(); ++s) {
    const auto [q_len, kv_len] = c.problem.sequences[s];
    if (q_len <= 1 && kv_len <= 1 && c.problem.sequences.size() > 8) continue;  // short enough among many
    const auto lengths = [&](int q, int kv) {
      step(c, steps, [=](Case& n) { n.problem.sequences[s] = {q, kv}; });
    };
    if (q_len > 64 && kv_len > 64) lengths(q_len - 64, kv_len - 64);
    if (kv_len > 64) lengths(q_len, kv_len - 64);
    if (q_len > 64) lengths(q_len - 64, kv_len);
    for (int both : towards(std::min(q_len, kv_len), 0)) {
      const int less = std::min(q_len, kv_len) - both;
      lengths(q_len - less, kv_len - less);
    }
    for (int q : towards(q_len, 0)) lengths(q, kv_len);
    for (int kv : towards(kv_len, 0)) lengths(q_len, kv);
  }
}

void narrower_heads(const Case& c, Steps& steps) {
  const auto dims = [&](int d_qk, int d_v) {
    step(c, steps, [=](Case& n) {
      n.problem.d_qk = std::min(n.problem.d_qk, d_qk);
      n.problem.d_v = std::min(n.problem.d_v, d_v);
    });
  };
  for (int d : {1, 2, 8, 16, 32, 64}) dims(d, d);
  for (int d : towards(c.problem.d_qk, 1)) dims(d, c.problem.d_v);
  for (int d : towards(c.problem.d_v, 1)) dims(c.problem.d_qk, d);
}

void plainer_mask(const Case& c, Steps& steps) {
  const auto mask = [&](Mask other) { step(c, steps, [other](Case& n) { n.problem.mask = other; }); };
  const Mask& asked = c.problem.mask;
  if (asked.kind == MaskKind::none) return;
  mask({MaskKind::none});
  if (asked.kind != MaskKind::causal_bottom_right) mask({MaskKind::causal_bottom_right});
  if (asked.kind != MaskKind::window) return;
  mask({asked.kind, Mask::unbounded, asked.right});
  mask({asked.kind, asked.left, Mask::unbounded});
  for (int left : towards(asked.left, 0)) mask({asked.kind, left, asked.right});
  for (int right : towards(asked.right, 0)) mask({asked.kind, asked.left, right});
}

void plainer_scores(const Case& c, Steps& steps) {
  step(c, steps, [](Case& n) {
    n.problem.softcap.reset();
    n.problem.alibi = false;
    n.problem.sink.reset();
  });
  step(c, steps, [](Case& n) { n.problem.softcap.reset(); });
  step(c, steps, [](Case& n) { n.problem.alibi = false; });
  step(c, steps, [](Case& n) { n.problem.sink.reset(); });
  if (c.problem.sink) step(c, steps, [](Case& n) { n.problem.sink->logit = 0.0f; });
}

void plainer_rope(const Case& c, Steps& steps) {
  if (!c.problem.rope) return;
  step(c, steps, [](Case& n) { n.problem.rope.reset(); });
  step(c, steps, [](Case& n) { n.problem.rope->dim.reset(); });
  if (c.problem.rope->dim)
    for (int half : towards(*c.problem.rope->dim / 2, 1))
      step(c, steps, [half](Case& n) { n.problem.rope->dim = 2 * half; });
  step(c, steps, [](Case& n) { n.problem.rope->form = RopeForm::half; });
  step(c, steps, [](Case& n) { n.problem.rope->base = Rope::usual_base; });
}

void plainer_values(const Case& c, Steps& steps) {
  step(c, steps, [](Case& n) {
    n.problem.data = DataFamily::normal;
    n.problem.data_file.clear();
    n.problem.data_rows.clear();
  });
  step(c, steps, [](Case& n) { n.problem.scale.reset(); });
  step(c, steps, [](Case& n) { n.problem.dtype = DType::f32; });
  step(c, steps, [](Case& n) { n.problem.seed = 0; });
}

void plainer_layout(const Case& c, Steps& steps) {
  step(c, steps, [](Case& n) { n.layout = {}; });
  step(c, steps, [](Case& n) { n.layout.page = 0; });
  step(c, steps, [](Case& n) { n.layout.page = std::min(n.layout.page, 16); });
  for (int hole : towards(c.layout.hole, 0)) step(c, steps, [hole](Case& n) { n.layout.hole = hole; });
  step(c, steps, [](Case& n) { n.layout.padding = Padding::right; });
  if (c.layout.padding == Padding::both || c.layout.padding == Padding::packed)
    step(c, steps, [](Case& n) { n.layout.padding = Padding::left; });
  step(c, steps, [](Case& n) { n.layout.view = false; });
  step(c, steps, [](Case& n) { n.layout.order = Order::bshd; });
  for (int pad : towards(c.layout.pad, 0)) step(c, steps, [pad](Case& n) { n.layout.pad = pad; });
  step(c, steps, [](Case& n) { n.poison = Poison::nan; });
  step(c, steps, [](Case& n) { n.after = After::nothing; });
  if (c.after == After::another) step(c, steps, [](Case& n) { n.after = After::itself; });
}

}  // namespace

std::vector<Case> simpler(const Case& c) {
  Steps steps;
  for (auto* kind : {fewer_sequences, fewer_heads, shorter_batch, shorter_sequences, narrower_heads,
                     plainer_mask, plainer_scores, plainer_rope, plainer_values, plainer_layout})
    kind(c, steps);
  return steps;
}

rc::Shrinkable<Case> shrinkable(Case c) {
  return rc::shrinkable::shrinkRecur(std::move(c),
                                     [](const Case& from) { return rc::seq::fromContainer(simpler(from)); });
}

}  // namespace flashdiff
