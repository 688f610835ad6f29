#include "harness/figures/tile_work.h"

#include <algorithm>

namespace flashdiff::figures {
namespace {

/// Key tiles that hold a key which some query of [first, last] sees: each query sees one interval of keys,
/// whose ends rise with it.
int key_tiles(const Problem& problem, SequenceLengths lengths, int first, int last, int keys) {
  int tiles = 0, end = 0;
  for (int query = first; query <= last; ++query) {
    const KeyRange seen = visible_keys(problem.mask, lengths, query);
    if (seen.empty()) continue;
    const int begin_tile = std::max(seen.begin / keys, end), end_tile = (seen.end + keys - 1) / keys;
    tiles += std::max(0, end_tile - begin_tile);
    end = std::max(end, end_tile);
  }
  return tiles;
}

/// Of one head.
double dense_pairs(const Problem& problem) {
  int longest_q = 0, longest_kv = 0;
  for (const SequenceLengths& lengths : problem.sequences) {
    longest_q = std::max(longest_q, lengths.q_len);
    longest_kv = std::max(longest_kv, lengths.kv_len);
  }
  return static_cast<double>(problem.batch()) * longest_q * longest_kv;
}

}  // namespace

TileWork tile_work(const Problem& problem, const kernels::WorkTile& tile) {
  TileWork work;
  work.useful = problem.forward_flops();
  double tiles = 0;
  for (const SequenceLengths& lengths : problem.sequences)
    for (int first = 0; first < lengths.q_len; first += tile.queries)
      tiles +=
          key_tiles(problem, lengths, first, std::min(first + tile.queries, lengths.q_len) - 1, tile.keys);
  work.rounded = 2.0 * problem.h_q * tiles * tile.queries * tile.keys * (tile.d_qk + tile.d_v);
  work.dense = 2.0 * problem.h_q * dense_pairs(problem) * (problem.d_qk + problem.d_v);
  return work;
}

double dense_over_needed(const Problem& problem) {
  const auto needed = static_cast<double>(problem.pairs());
  return needed == 0 ? 0 : dense_pairs(problem) / needed;
}

double algorithm_flops(const kernels::KernelPlan& plan, const Problem& problem) {
  return plan.tensor_flops == nullptr ? problem.useful_flops() : plan.tensor_flops(problem);
}

}  // namespace flashdiff::figures
