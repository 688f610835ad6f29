#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>

#include "harness/problem/modifiers.h"
#include "kernels/forward_tiles.h"
#include "kernels/kernel.h"
#include "kernels/params.h"
#include "kernels/views.h"

/// The plan of flash_forward.cu: one block a tile of queries and head; the tiles are listed here, so that
/// work grows with the sum of the lengths and not with the rectangle around them.
namespace flashdiff::kernels {
namespace {

constexpr std::int64_t kLargestGrid = 0x7fffffff;  // x

/// The shapes that there are entries of.
std::span<const ForwardTiles> shapes(bool aligned, bool modified) {
  if (modified) return aligned ? std::span<const ForwardTiles>(kModifiedTiles) : kAnyModifiedTiles;
  return aligned ? std::span<const ForwardTiles>(kForwardTiles) : kAnyTiles;
}

const ForwardTiles* tiles_for(const Problem& problem, bool aligned) {
  const std::span<const ForwardTiles> all = shapes(aligned, has_modifiers(problem));
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const auto& t) { return problem.d_qk <= t.d_qk && problem.d_v <= t.d_v; });
  return found == all.end() ? nullptr : &*found;
}

/// Tiles of queries, those with the most keys first: the last blocks to start are then short ones.
std::vector<RowTile> query_tiles(const Problem& problem, int queries) {
  struct Weighed {
    RowTile tile;
    int keys;
  };
  std::vector<Weighed> weighed;
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    for (int first = 0; first < lengths.q_len; first += queries) {
      const int last = std::min(first + queries, lengths.q_len) - 1;
      const KeyRange top = visible_keys(problem.mask, lengths, first);
      const KeyRange bottom = visible_keys(problem.mask, lengths, last);
      weighed.push_back({{s, first}, std::max(0, bottom.end - top.begin)});
    }
  }
  std::stable_sort(weighed.begin(), weighed.end(), [](auto& a, auto& b) { return a.keys > b.keys; });
  std::vector<RowTile> tiles;
  for (const Weighed& one : weighed) tiles.push_back(one.tile);
  return tiles;
}

std::string why_not(const Case& c) {
  const Problem& p = c.problem;
  if (p.pass != Pass::forward) return "computes the forward pass only";
  if (c.layout.page > 0) return "K and V in pages: it takes rows of one stride, flash_decode takes pages";
  if (p.dtype == DType::f32) return "tensor cores multiply f16 and bf16, not f32";
  const ForwardTiles* const tiles = tiles_for(p, true);
  if (tiles == nullptr) return fmt::format("head dim {} is above 256", std::max(p.d_qk, p.d_v));
  const int queries = std::min(tiles->queries(), tiles_for(p, false)->queries());
  std::int64_t blocks = 0;
  for (const SequenceLengths& s : p.sequences) {
    if (std::max(s.q_len, s.kv_len) >= MaskParams::unbounded / 2) return "a length above 2^29";
    blocks += (s.q_len + queries - 1) / queries * std::int64_t{p.h_q};
  }
  if (blocks > kLargestGrid) return fmt::format("{} blocks: at most {} fit a grid", blocks, kLargestGrid);
  return {};
}

Numerics numerics(const Problem& problem) {
  Numerics n = tensor_core_numerics(problem);
  n.tanh_relative = kTanhRelative;
  n.kv_tile = std::begin(kForwardTiles)->keys;
  for (const ForwardTiles& tiles : kForwardTiles) n.kv_tile = std::min(n.kv_tile, tiles.keys);
  return n;
}

struct Metadata {
  std::vector<std::byte> bytes;
  std::size_t tiles = 0;                       ///< how many
  std::size_t tiles_at = 0, modifiers_at = 0;  ///< where they begin
};
Metadata metadata_of(const LaidOut& io) {
  const Problem& problem = io.question.problem;
  const std::vector<RowTile> tiles = query_tiles(problem, tiles_for(problem, is_aligned(io))->queries());
  Metadata made{sequences_of(io), tiles.size()};
  made.tiles_at = append(made.bytes, tiles);
  made.modifiers_at = append(made.bytes, modifiers_of(problem, scale_of(problem)));
  return made;
}

Needs needs(const LaidOut& io) { return {metadata_of(io).bytes, 0}; }

std::vector<Launch> plan(const LaidOut& io, const Addresses& at) {
  const Problem& problem = io.question.problem;
  const bool aligned = is_aligned(io);
  const ForwardTiles& tiles = *tiles_for(problem, aligned);
  const Metadata metadata = metadata_of(io);
  const std::size_t blocks = metadata.tiles * static_cast<std::size_t>(problem.h_q);
  if (blocks == 0) return {};

  ForwardParams params;
  params.q = view_of(io.q, at.q);
  params.k = view_of(io.k, at.k);
  params.v = view_of(io.v, at.v);
  params.o = view_of(io.o, at.o);
  params.lse = view_of(io.lse, at.lse);
  params.sequences = at.metadata;
  params.query_tiles = at.metadata + metadata.tiles_at;
  params.heads = problem.h_q;
  params.group = problem.group();
  params.d_qk = problem.d_qk;
  params.d_v = problem.d_v;
  params.mask = mask_of(problem.mask);
  params.scale_log2 = scale_log2_of(problem);
  params.modifiers = modifiers_at(problem, at.metadata + metadata.modifiers_at);

  Launch launch;
  launch.entry = fmt::format("flash_forward_{}_d{}{}{}", name_of(problem.dtype), tiles.d_qk,
                             aligned ? "" : "_any", has_modifiers(problem) ? "_mod" : "");
  launch.grid[0] = static_cast<std::uint32_t>(blocks);
  launch.block[0] = static_cast<std::uint32_t>(tiles.threads());
  launch.shared_bytes = static_cast<std::uint32_t>(tiles.shared_bytes());
  launch.parameters = bytes_of_params(params);
  return {launch};
}

WorkTile work_tile(const Problem& problem) {
  const ForwardTiles& tiles = *tiles_for(problem, true);
  return {tiles.queries(), tiles.keys, tiles.d_qk, tiles.d_v};
}

}  // namespace

KernelPlan flash_forward_plan() {
  return {"forward on tensor cores: f16, bf16, head dims up to 256, every mask, layout and score modifier",
          why_not,
          numerics,
          needs,
          plan,
          work_tile};
}

}  // namespace flashdiff::kernels
