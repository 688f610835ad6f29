#include "harness/figures/shapes.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace flashdiff::figures {
namespace {

constexpr int kLong = 2048;
constexpr int kBatch = 16, kLongest = 512;
constexpr int kQueryHeads = 8;  // of sweeps over the ratio of heads

Case attention(Pass pass, int d, std::vector<SequenceLengths> sequences, MaskKind mask, Padding padding) {
  Case c;
  c.problem.pass = pass;
  c.problem.sequences = std::move(sequences);
  c.problem.d_qk = c.problem.d_v = d;
  c.problem.mask.kind = mask;
  c.problem.dtype = DType::f16;
  c.problem.seed = 1;
  c.layout.padding = padding;
  return c;
}

}  // namespace

std::vector<SequenceLengths> lengths_of_fill(int batch, int longest, double fill) {
  std::vector<SequenceLengths> lengths{{longest, longest}};
  double left = fill * batch * longest - longest;
  for (int rest = batch - 1; rest > 0; --rest) {
    // Alternately up to a third more and a third less than an even share, as far as the longest allows.
    const double even = left / rest, swing = std::min(1.0 / 3, longest / even - 1);
    const double share = even * (rest == 1 ? 1 : rest % 2 == 0 ? 1 + swing : 1 - swing);
    const int length = std::clamp(static_cast<int>(std::lround(share)), 1, longest);
    lengths.push_back({length, length});
    left -= length;
  }
  return lengths;
}

namespace {

void add_trained(std::vector<Shape>& all, Pass pass, int d) {
  const auto add = [&](const std::string& name, Case c) {
    all.push_back({fmt::format("d{}/{}", d, name), std::move(c)});
  };
  constexpr MaskKind kCausal = MaskKind::causal_bottom_right;
  add("seq2048", attention(pass, d, {{kLong, kLong}}, MaskKind::none, Padding::packed));
  add("seq2048_causal", attention(pass, d, {{kLong, kLong}}, kCausal, Padding::packed));
  for (const int percent : {10, 25, 50, 75, 100})
    for (const Padding padding : {Padding::left, Padding::right})
      add(fmt::format("fill{}_{}", percent, name_of(padding)),
          attention(pass, d, lengths_of_fill(kBatch, kLongest, percent / 100.0), kCausal, padding));
}

/// 16 sequences times 16 K/V heads are 256 blocks, and an A100 runs 216 at once: no splits. One sequence of
/// 4,096 keys and 4 K/V heads has 32 a head.
void add_decoded(std::vector<Shape>& all, int d) {
  const auto add = [&](const std::string& name, std::vector<SequenceLengths> sequences, int kv_heads,
                       Padding padding, int page) {
    for (SequenceLengths& one : sequences) one.q_len = 1;
    Case c = attention(Pass::forward, d, std::move(sequences), MaskKind::causal_bottom_right, padding);
    c.problem.h_kv = kv_heads;
    c.problem.h_q = 4 * kv_heads;
    c.layout.page = page;
    all.push_back({fmt::format("d{}/{}", d, name), std::move(c)});
  };
  const std::vector<SequenceLengths> ragged = lengths_of_fill(kBatch, kLongest, 0.75);
  add("full_left", ragged, 16, Padding::left, 0);
  add("full_right", ragged, 16, Padding::right, 0);
  add("full_pages16", ragged, 16, Padding::packed, 16);
  add("full_pages64", ragged, 16, Padding::packed, 64);
  add("split_seq4096", {{1, 4096}}, 4, Padding::packed, 0);
}

/// One new token a sequence, and many; a rotary embedding, half. 16 sequences of 512 tokens fill a GPU.
void add_appended(std::vector<Shape>& all, int d) {
  constexpr int kHeads = 32, kKvHeads = 8, kMany = 512;
  for (const int tokens : {1, kMany})
    for (const int page : {0, 16}) {
      Case c = attention(Pass::append, d, std::vector<SequenceLengths>(kBatch, {tokens, kLong}),
                         MaskKind::none, page > 0 ? Padding::packed : Padding::left);
      c.problem.h_q = kHeads;
      c.problem.h_kv = kKvHeads;
      c.problem.rope = Rope{};
      c.layout.page = page;
      all.push_back({fmt::format("d{}/append{}_{}", d, tokens, page > 0 ? "pages16" : "left"), std::move(c)});
    }
}

/// One coordinate at a time, from a sequence of some length, head dim and ratio of heads: the lines of a
/// chart. Lengths of 2,048, which end the first of them, are shapes() already.
void add_trained_sweeps(std::vector<Shape>& all, Pass pass) {
  const auto add = [&](std::string name, int d, int length, MaskKind mask, int kv_heads_share) {
    Case c = attention(pass, d, {{length, length}}, mask, Padding::packed);
    if (kv_heads_share > 0) {
      c.problem.h_q = kQueryHeads;
      c.problem.h_kv = kQueryHeads / kv_heads_share;
    }
    all.push_back({std::move(name), std::move(c)});
  };
  constexpr MaskKind kCausal = MaskKind::causal_bottom_right;
  for (const int d : {64, 128})
    for (const int length : {256, 512, 1024}) {
      add(fmt::format("d{}/seq{}", d, length), d, length, MaskKind::none, 0);
      add(fmt::format("d{}/seq{}_causal", d, length), d, length, kCausal, 0);
    }
  for (const int d : {32, 96, 192, 256}) add(fmt::format("d{}/seq1024_causal", d), d, 1024, kCausal, 0);
  for (const int ratio : {1, 2, 4, 8}) add(fmt::format("d128/gqa{}", ratio), 128, 512, kCausal, ratio);
}

/// Batch by length, and query heads a K/V head; two K/V heads, as one of several GPUs may have that share a
/// model.
void add_decoded_sweeps(std::vector<Shape>& all) {
  const auto add = [&](std::string name, int batch, int keys, int ratio) {
    Case c = attention(Pass::forward, 128,
                       std::vector<SequenceLengths>(static_cast<std::size_t>(batch), {1, keys}),
                       MaskKind::causal_bottom_right, Padding::packed);
    c.problem.h_kv = 2;
    c.problem.h_q = 2 * ratio;
    all.push_back({std::move(name), std::move(c)});
  };
  for (const int batch : {1, 4, 16})
    for (const int keys : {256, 1024, 4096})
      add(fmt::format("d128/batch{}_seq{}", batch, keys), batch, keys, 4);
  for (const int ratio : {1, 2, 4, 8, 16}) add(fmt::format("d128/decode_gqa{}", ratio), 16, 512, ratio);
}

}  // namespace

std::vector<Shape> shapes(const kernels::KernelPlan& plan) {
  std::vector<Shape> all;
  for (const int d : {64, 128}) {
    if (plan.pass == Pass::append)
      add_appended(all, d);
    else if (plan.most_queries > 0)
      add_decoded(all, d);
    else
      add_trained(all, plan.pass, d);
  }
  return all;
}

std::vector<Shape> sweeps(const kernels::KernelPlan& plan) {
  std::vector<Shape> all;
  if (plan.pass == Pass::append) return all;
  if (plan.most_queries > 0)
    add_decoded_sweeps(all);
  else
    add_trained_sweeps(all, plan.pass);
  return all;
}

std::vector<Shape> published(const kernels::KernelPlan& plan) {
  std::vector<Shape> all = shapes(plan);
  for (Shape& one : sweeps(plan))
    if (plan.why_not(one.question).empty()) all.push_back(std::move(one));
  return all;
}

double MainLoop::flops(const std::function<double(const Problem&)>& of) const {
  double flops = 0;
  for (const Case& c : more) flops += of(c.problem);
  for (const Case& c : fewer) flops -= of(c.problem);
  return flops;
}

MainLoop main_loop(Pass pass, int d) {
  const auto whole = [&](int queries, int keys) {
    return attention(pass, d, {{queries, keys}}, MaskKind::none, Padding::packed);
  };
  constexpr int kFew = 128, kMany = 384;           // backward: tiles of 16 to 128 of either side
  constexpr int kFewKeys = 576, kManyKeys = 1152;  // forward: 576 = 3 * 192 = 6 * 96 = 9 * 64
  if (pass == Pass::backward)
    return {{whole(kMany, kMany), whole(kFew, kFew)}, {whole(kMany, kFew), whole(kFew, kMany)}};
  return {{whole(kFew, kManyKeys)}, {whole(kFew, kFewKeys)}};
}

}  // namespace flashdiff::figures
