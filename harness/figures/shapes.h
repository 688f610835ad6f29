#pragma once
#include <functional>
#include <string>
#include <vector>

#include "harness/problem/case.h"
#include "kernels/kernel.h"

namespace flashdiff::figures {

/// A case whose figures are published, under a name that stays the same from night to night.
struct Shape {
  std::string name;  ///< "d64/seq2048_causal"
  Case question;
};

/// What a kernel with this plan is held to, of head dims 64 and 128. Forward, backward: one sequence of
/// 2,048 queries and keys, with and without a causal mask; and batches of 16 sequences of at most 512, of
/// which 10 to 100 % are filled, padded left and right. Who decodes (`most_queries`): one new token over
/// caches in rows and in pages, in a batch that fills a GPU and in one that needs splits to. Who appends: one
/// new token, and 512 of them, in front of caches of 2,048, in rows and in pages, with a rotary embedding, in
/// a batch that fills a GPU.
[[nodiscard]] std::vector<Shape> shapes(const kernels::KernelPlan& plan);

/// What a line of a chart goes over besides, one coordinate at a time. Forward, backward: length, head dim,
/// query heads a K/V head. Who decodes: batch by length of the cache, query heads a K/V head. `reports` reads
/// the coordinates from the names (reports/bench_place.h); some kernels do not take some of them.
[[nodiscard]] std::vector<Shape> sweeps(const kernels::KernelPlan& plan);

/// Both, without what the kernel does not take: what `flashdiff bench` counts, and times on a GPU.
[[nodiscard]] std::vector<Shape> published(const kernels::KernelPlan& plan);

/// Cases of whole tiles, without a mask: what `more` cost beyond `fewer`, all added up, is rounds of a main
/// loop alone. Forward: more keys. Backward, whose blocks own keys (or queries) and go through the other
/// side: more of both, without what more of either costs. Tiles of up to 128 queries, and of 32, 64, 96 or
/// 192 keys.
struct MainLoop {
  std::vector<Case> more, fewer;
  /// Of those rounds, given a problem's.
  [[nodiscard]] double flops(const std::function<double(const Problem&)>& of) const;
};
[[nodiscard]] MainLoop main_loop(Pass pass, int d);

/// Lengths of `batch` sequences, the first of them `longest`, that sum up to about `fill` of the rectangle:
/// ragged, none below 1. `fill` is at least 1 / batch.
[[nodiscard]] std::vector<SequenceLengths> lengths_of_fill(int batch, int longest, double fill);

}  // namespace flashdiff::figures
