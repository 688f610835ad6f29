#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "harness/problem/modifiers.h"
#include "kernels/decode_tiles.h"
#include "kernels/kernel.h"
#include "kernels/params.h"
#include "kernels/views.h"

/// The plan of flash_decode.cu: splits of keys, listed here, and what merges them.
///
/// How many splits. All splits of a batch have the same length but for the last of each sequence, in whole kv
/// tiles: the shortest, from two tiles on, with which the blocks (splits x row tiles x K/V heads) are at most
/// what an A100 runs at once, 108 multiprocessors of two blocks. So a small batch fills the GPU, a long
/// sequence among short ones gets most of the splits (as FlashInfer's plan for paged caches does), and a
/// batch that fills the GPU alone is hardly split: each split costs its rows of O in f32, written and read
/// again. Two tiles: with one, 16 rows of partial O would be a quarter of the bytes of K and V. The GPU is
/// named here and not asked, so that a problem gives the same bits on every machine.
namespace flashdiff::kernels {
namespace {

constexpr std::int64_t kBlocksAtOnce = 108 * 2;
constexpr int kLeastTiles = 2;
constexpr int kMostQueries = 16;
constexpr int kKeys = DecodeTiles::kKeys;
constexpr std::int64_t kLargestGrid = 0x7fffffff;   // x
constexpr std::int64_t kMostRowsInPages = 1 << 24;  // of a sequence: where Paging::inverse is exact

int most_rows(const Problem& problem) {
  int queries = 0;
  for (const SequenceLengths& one : problem.sequences) queries = std::max(queries, one.q_len);
  return queries * problem.group();
}

/// Rows at any address have entries for 64 rows only; modified, of the last shape only.
const DecodeTiles* tiles_for(const Problem& problem, bool aligned) {
  const int rows = aligned && most_rows(problem) <= 16 ? 16 : 64;
  const auto* const first = !has_modifiers(problem) ? std::begin(kDecodeTiles)
                            : aligned               ? std::begin(kDecodeTiles) + kFirstModified
                                                    : std::prev(std::end(kDecodeTiles));
  const auto* const found = std::find_if(first, std::end(kDecodeTiles), [&](const DecodeTiles& t) {
    return std::max(problem.d_qk, problem.d_v) <= t.dim && t.rows == rows;
  });
  return found == std::end(kDecodeTiles) ? nullptr : found;
}

/// Rows of one sequence that a block has, and the keys that some of them see.
struct SeenRows {
  int sequence, first_row;
  KeyRange keys;
  [[nodiscard]] int first_tile() const { return keys.begin / kKeys; }
  [[nodiscard]] int tiles() const { return keys.empty() ? 0 : (keys.end + kKeys - 1) / kKeys - first_tile(); }
  [[nodiscard]] int splits(int tiles_a_split) const {
    return std::max(1, (tiles() + tiles_a_split - 1) / tiles_a_split);
  }
};

std::vector<SeenRows> row_tiles(const Problem& problem, int rows) {
  std::vector<SeenRows> made;
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    for (int first = 0; first < lengths.q_len * problem.group(); first += rows) {
      const int last = std::min(first + rows, lengths.q_len * problem.group()) - 1;
      KeyRange keys;
      for (int query = first / problem.group(); query <= last / problem.group(); ++query) {
        const KeyRange seen = visible_keys(problem.mask, lengths, query);
        if (seen.empty()) continue;
        keys = keys.empty() ? seen : KeyRange{std::min(keys.begin, seen.begin), std::max(keys.end, seen.end)};
      }
      made.push_back({s, first, keys});
    }
  }
  return made;
}

int tiles_a_split(const std::vector<SeenRows>& rows, int kv_heads) {
  int low = kLeastTiles, high = kLeastTiles;
  for (const SeenRows& one : rows) high = std::max(high, one.tiles());
  const auto fits = [&](int length) {
    std::int64_t blocks = 0;
    for (const SeenRows& one : rows) blocks += std::int64_t{one.splits(length)} * kv_heads;
    return blocks <= kBlocksAtOnce;
  };
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (fits(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

struct Splits {
  std::vector<DecodeSplit> splits;
  std::vector<DecodeMerge> merges;
  int slots = 0;
};

Splits splits_of(const Problem& problem, int rows) {
  Splits made;
  const std::vector<SeenRows> all = row_tiles(problem, rows);
  const int length = tiles_a_split(all, problem.h_kv);
  for (const SeenRows& one : all) {
    const int splits = one.splits(length);
    if (splits > 1) made.merges.push_back({one.sequence, one.first_row, made.slots, splits});
    for (int split = 0; split < splits; ++split) {
      const int begin = (one.first_tile() + split * length) * kKeys;
      made.splits.push_back({one.sequence, one.first_row, std::max(begin, one.keys.begin),
                             std::min(begin + length * kKeys, one.keys.end), splits > 1 ? made.slots++ : -1});
    }
  }
  return made;
}

std::string why_not(const Case& c) {
  const Problem& p = c.problem;
  if (p.dtype == DType::f32) return "tensor cores multiply f16 and bf16, not f32";
  if (p.pass != Pass::forward) return "computes the forward pass only";
  const DecodeTiles* const tiles = tiles_for(p, true);
  if (tiles == nullptr) return fmt::format("head dim {} is above 256", std::max(p.d_qk, p.d_v));
  for (const SequenceLengths& s : p.sequences) {
    if (s.q_len > kMostQueries)
      return fmt::format("q_len {} is above {}: it decodes, flash_forward takes more", s.q_len, kMostQueries);
    if (s.kv_len >= MaskParams::unbounded / 2) return "a length above 2^29";
    const std::int64_t rows =
        std::int64_t{s.kv_len} + c.layout.pad + c.layout.page + kKeys;  // of whole tiles
    if (c.layout.page > 0 && rows > kMostRowsInPages)
      return fmt::format("a sequence of {} rows of K in pages: at most {}", rows, kMostRowsInPages);
  }
  const std::int64_t blocks = std::int64_t{p.batch()} * (most_rows(p) / 16 + 1) * p.h_kv;
  if (2 * blocks > kLargestGrid) return fmt::format("{} blocks: at most {} fit a grid", blocks, kLargestGrid);
  return {};
}

Numerics numerics(const Problem& problem) {
  Numerics n = tensor_core_numerics(problem);
  n.tanh_relative = kTanhRelative;
  n.kv_tile = kKeys;
  n.merges = 2;              // of warps, of splits
  n.pages_keep_bits = true;  // splits are of keys, and not of pages
  return n;
}

/// Where the parts of the metadata and of the workspace begin.
struct Memory {
  Splits splits;
  std::vector<std::byte> metadata;
  std::size_t splits_at = 0, merges_at = 0, table_at = 0, modifiers_at = 0;
  std::size_t partial_l_at = 0, workspace_bytes = 0;
};

Memory memory_of(const LaidOut& io) {
  const Problem& problem = io.question.problem;
  const int rows = tiles_for(problem, is_aligned(io))->rows;
  Memory memory;
  memory.splits = splits_of(problem, rows);
  memory.metadata = sequences_of(io);
  memory.splits_at = append(memory.metadata, memory.splits.splits);
  memory.merges_at = append(memory.metadata, memory.splits.merges);
  memory.table_at = append(memory.metadata, io.k.place.block_table);
  memory.modifiers_at = append(memory.metadata, modifiers_of(problem, scale_of(problem)));
  const auto partial_rows = static_cast<std::size_t>(memory.splits.slots) *
                            static_cast<std::size_t>(problem.h_kv) * static_cast<std::size_t>(rows);
  memory.partial_l_at = partial_rows * static_cast<std::size_t>((problem.d_v + 3) / 4 * 4) * sizeof(float);
  memory.workspace_bytes = memory.partial_l_at + partial_rows * 2 * sizeof(float);
  return memory;
}

Needs needs(const LaidOut& io) {
  Memory memory = memory_of(io);
  return {std::move(memory.metadata), memory.workspace_bytes};
}

std::vector<Launch> plan(const LaidOut& io, const Addresses& at) {
  const Problem& problem = io.question.problem;
  const bool aligned = is_aligned(io);
  const DecodeTiles& tiles = *tiles_for(problem, aligned);
  const Memory memory = memory_of(io);
  if (memory.splits.splits.empty()) return {};

  DecodeParams params;
  params.q = view_of(io.q, at.q);
  params.k = view_of(io.k, at.k);
  params.v = view_of(io.v, at.v);
  params.o = view_of(io.o, at.o);
  params.lse = view_of(io.lse, at.lse);
  params.pages = paging_of(io.k.place, at.metadata + memory.table_at);
  params.sequences = at.metadata;
  params.splits = at.metadata + memory.splits_at;
  params.merges = at.metadata + memory.merges_at;
  params.partial_o = at.workspace;
  params.partial_l = at.workspace + memory.partial_l_at;
  params.kv_heads = problem.h_kv;
  params.group = problem.group();
  params.rows = tiles.rows;
  params.d_qk = problem.d_qk;
  params.d_v = problem.d_v;
  params.aligned = aligned ? 1 : 0;
  params.mask = mask_of(problem.mask);
  params.scale_log2 = scale_log2_of(problem);
  params.modifiers = modifiers_at(problem, at.metadata + memory.modifiers_at);

  const auto launch = [&](std::string entry, std::size_t blocks, int shared_bytes) {
    Launch one;
    one.entry = std::move(entry);
    one.grid[0] = static_cast<std::uint32_t>(blocks * static_cast<std::size_t>(problem.h_kv));
    one.block[0] = DecodeTiles::kThreads;
    one.shared_bytes = static_cast<std::uint32_t>(shared_bytes);
    one.parameters = bytes_of_params(params);
    return one;
  };
  const char* const modified = has_modifiers(problem) ? "_mod" : "";
  std::vector<Launch> launches{launch(fmt::format("flash_decode_{}_d{}_r{}{}{}", name_of(problem.dtype),
                                                  tiles.dim, tiles.rows, aligned ? "" : "_any", modified),
                                      memory.splits.splits.size(), tiles.shared_bytes())};
  if (!memory.splits.merges.empty())
    launches.push_back(launch(fmt::format("flash_decode_combine_{}{}", name_of(problem.dtype), modified),
                              memory.splits.merges.size(), 0));
  return launches;
}

}  // namespace

KernelPlan flash_decode_plan() {
  return {
      "decoding on tensor cores, up to 16 new tokens; keys in splits, in rows or pages; f16, bf16, head dims "
      "up to 256, every mask and score modifier",
      why_not,
      numerics,
      needs,
      plan,
      nullptr,
      Pass::forward,
      kMostQueries};
}

}  // namespace flashdiff::kernels
