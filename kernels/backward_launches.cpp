#include "kernels/backward_launches.h"

#include <algorithm>
#include <iterator>
#include <numbers>
#include <span>

#include <fmt/format.h>

#include "kernels/views.h"

namespace flashdiff::kernels {
namespace {

constexpr std::int64_t kLargestGrid = 0x7fffffff;  // x

/// Entries of their own: a sink changes nothing but LSE, which is given.
bool changes_scores(const Problem& problem) { return problem.softcap || problem.alibi; }

const BackwardTiles* shape_for(const Problem& problem, bool of_keys) {
  std::span<const BackwardTiles> shapes = kQueryTiles;
  if (changes_scores(problem))
    shapes = of_keys ? kModifiedKeyTiles : kModifiedQueryTiles;
  else if (of_keys)
    shapes = kKeyTiles;
  const auto found = std::find_if(shapes.begin(), shapes.end(),
                                  [&](auto& s) { return std::max(problem.d_qk, problem.d_v) <= s.dim; });
  return found == shapes.end() ? nullptr : &*found;
}

std::int64_t rounded_up(std::int64_t x, std::int64_t to) { return (x + to - 1) / to * to; }

/// How many rows of the other side a tile of rows sees, about: the first sees from `begin` on, the last up to
/// `end`.
int seen_by(const MaskParams& mask, SequenceLengths lengths, bool keys, int first, int last) {
  const int shift = mask.bottom_right != 0 ? lengths.kv_len - lengths.q_len : 0;
  const int before = keys ? mask.right + shift : mask.left - shift;
  const int after = keys ? mask.left - shift : mask.right + shift;
  const int end = std::min(keys ? lengths.q_len : lengths.kv_len, last + after + 1);
  return std::max(0, end - std::max(0, first - before));
}

/// Offsets of what the workspace holds, each at a multiple of 16 bytes.
struct Workspace {
  std::uint64_t stats = 0, dq_sum = 0, q = 0, k = 0, v = 0, d_o = 0, end = 0;
};

int padded(int width) { return static_cast<int>(rounded_up(width, 8)); }

Workspace workspace_of(const Problem& p, std::int64_t query_rows, std::int64_t key_rows, int dim,
                       bool sums_dq, bool packs) {
  Workspace w;
  const auto take = [&](bool wanted, std::int64_t bytes) {
    const std::uint64_t at = w.end;
    if (wanted) w.end += static_cast<std::uint64_t>(rounded_up(bytes, 16));
    return at;
  };
  w.stats = take(true, 2 * 4 * p.h_q * query_rows);
  w.dq_sum = take(sums_dq, std::int64_t{4} * p.h_q * query_rows * dim);
  w.q = take(packs, std::int64_t{2} * p.h_q * query_rows * padded(p.d_qk));
  w.k = take(packs, std::int64_t{2} * p.h_kv * key_rows * padded(p.d_qk));
  w.v = take(packs, std::int64_t{2} * p.h_kv * key_rows * padded(p.d_v));
  w.d_o = take(packs, std::int64_t{2} * p.h_q * query_rows * padded(p.d_v));
  return w;
}

}  // namespace

std::string why_not_backward(const Case& c) {
  const Problem& p = c.problem;
  if (p.pass != Pass::backward) return "computes the backward pass only";
  if (p.dtype == DType::f32) return "tensor cores multiply f16 and bf16, not f32";
  if (c.layout.page > 0) return "K and V in pages: it takes rows of one stride";
  if (shape_for(p, true) == nullptr) return fmt::format("head dim {} is above 256", std::max(p.d_qk, p.d_v));
  std::int64_t blocks = 0;  // of the most that one launch has: tiles of 64 rows of all query heads
  for (const SequenceLengths& s : p.sequences) {
    const int longest = std::max(s.q_len, s.kv_len);
    if (longest >= MaskParams::unbounded / 2) return "a length above 2^29";
    blocks += rounded_up(longest, kWorkspaceRows) / kWorkspaceRows * p.h_q;
  }
  if (blocks > kLargestGrid) return fmt::format("{} blocks: at most {} fit a grid", blocks, kLargestGrid);
  return {};
}

Numerics backward_numerics(const Problem& problem) {
  Numerics n = tensor_core_numerics(problem);
  n.ds = problem.dtype;
  n.tanh_relative = kTanhRelative;
  n.kv_tile = std::begin(kKeyTiles)->owned();  // keys whose sum is one addition to dQ's
  for (const BackwardTiles& shape : kKeyTiles) n.kv_tile = std::min(n.kv_tile, shape.owned());
  return n;
}

double backward_tensor_flops(const Problem& problem, bool sums_dq) {
  int d_qk = 3, d_v = 2;                        // S, dK, dQ; dV, dP
  if (!sums_dq) ++d_qk, ++d_v;                  // S and dP again, for dQ
  if (shape_for(problem, true)->apart) ++d_qk;  // S again, for dV
  return 2.0 * problem.h_q * static_cast<double>(problem.pairs()) * (d_qk * problem.d_qk + d_v * problem.d_v);
}

BackwardCall::BackwardCall(const LaidOut& io, std::string_view kernel, bool sums_dq)
    : io_(io),
      problem_(io.question.problem),
      kernel_(kernel),
      sums_dq_(sums_dq),
      aligned_(is_aligned(io)),
      key_shape_(*shape_for(problem_, true)),
      query_shape_(*shape_for(problem_, false)),
      metadata_(sequences_of(io)) {
  for (const SequenceLengths& s : problem_.sequences) {
    workspace_sequences_.push_back({query_rows_, key_rows_, s.q_len, s.kv_len});
    query_rows_ += rounded_up(s.q_len, kWorkspaceRows);
    key_rows_ += rounded_up(s.kv_len, kWorkspaceRows);
  }
  workspace_sequences_at_ = append(metadata_, workspace_sequences_);
  modifiers_at_ = append(metadata_, modifiers_of(problem_, std::numbers::ln2));
  query_rows_by_64_ = tiles_of(false, kWorkspaceRows);
  key_rows_by_64_ = tiles_of(true, kWorkspaceRows);
  key_tiles_ = tiles_of(true, key_shape_.owned());
  query_tiles_ = tiles_of(false, query_shape_.owned());
}

BackwardCall::Tiles BackwardCall::tiles_of(bool keys, int rows) {
  struct Weighed {
    RowTile tile;
    int seen;
  };
  std::vector<Weighed> weighed;
  const MaskParams mask = mask_of(problem_.mask);
  for (int s = 0; s < problem_.batch(); ++s) {
    const SequenceLengths lengths = problem_.sequences[static_cast<std::size_t>(s)];
    const int length = keys ? lengths.kv_len : lengths.q_len;
    for (int first = 0; first < length; first += rows)
      weighed.push_back(
          {{s, first}, seen_by(mask, lengths, keys, first, std::min(first + rows, length) - 1)});
  }
  std::stable_sort(weighed.begin(), weighed.end(), [](auto& a, auto& b) { return a.seen > b.seen; });
  Tiles tiles;
  for (const Weighed& one : weighed) tiles.list.push_back(one.tile);
  tiles.at = append(metadata_, tiles.list);
  return tiles;
}

Needs BackwardCall::needs() const {
  const Workspace w = workspace_of(problem_, query_rows_, key_rows_, key_shape_.dim, sums_dq_, !aligned_);
  return {metadata_, w.end};
}

BackwardParams BackwardCall::params(const Addresses& at) const {
  const Workspace w = workspace_of(problem_, query_rows_, key_rows_, key_shape_.dim, sums_dq_, !aligned_);
  BackwardParams p;
  p.q = view_of(io_.q, at.q);
  p.k = view_of(io_.k, at.k);
  p.v = view_of(io_.v, at.v);
  p.d_o = p.d_o_given = view_of(io_.d_o, at.d_o);
  p.o = view_of(io_.o, at.o);
  p.lse = view_of(io_.lse, at.lse);
  p.dq = view_of(io_.dq, at.dq);
  p.dk = view_of(io_.dk, at.dk);
  p.dv = view_of(io_.dv, at.dv);
  p.sequences = p.source_sequences = at.metadata;
  p.workspace_sequences = at.metadata + workspace_sequences_at_;
  p.stats = at.workspace + w.stats;
  if (sums_dq_) p.dq_sum = at.workspace + w.dq_sum;
  p.query_rows = query_rows_;
  p.query_heads = problem_.h_q;
  p.group = problem_.group();
  p.d_qk = problem_.d_qk;
  p.d_v = problem_.d_v;
  p.dim = key_shape_.dim;
  p.aligned = aligned_ ? 1 : 0;
  p.mask = mask_of(problem_.mask);
  p.scale = static_cast<float>(problem_.softmax_scale());
  p.scale_log2 = scale_log2_of(problem_);
  p.modifiers = modifiers_at(problem_, at.metadata + modifiers_at_);
  return p;
}

void BackwardCall::add(std::vector<Launch>& to, std::string_view pass, const Tiles& tiles,
                       BackwardParams params, int heads, int shared_bytes) const {
  if (tiles.list.empty()) return;
  params.tiles = params.sequences + tiles.at;
  params.heads = heads;
  Launch launch;
  launch.entry = fmt::format("{}_{}_{}", kernel_, name_of(problem_.dtype), pass);
  launch.grid[0] = static_cast<std::uint32_t>(tiles.list.size() * static_cast<std::size_t>(heads));
  launch.block[0] = BackwardTiles::threads;
  launch.shared_bytes = static_cast<std::uint32_t>(shared_bytes);
  launch.parameters = bytes_of_params(params);
  to.push_back(std::move(launch));
}

void BackwardCall::add_packing(std::vector<Launch>& to, BackwardParams& params, const Addresses& at) const {
  const Workspace w = workspace_of(problem_, query_rows_, key_rows_, key_shape_.dim, sums_dq_, !aligned_);
  struct Packed {
    TensorView& view;
    std::uint64_t offset;
    bool of_queries;
    int width;
  };
  for (const Packed& one :
       {Packed{params.q, w.q, true, problem_.d_qk}, Packed{params.k, w.k, false, problem_.d_qk},
        Packed{params.v, w.v, false, problem_.d_v}, Packed{params.d_o, w.d_o, true, problem_.d_v}}) {
    const Tiles& tiles = one.of_queries ? query_rows_by_64_ : key_rows_by_64_;
    const int heads = one.of_queries ? problem_.h_q : problem_.h_kv;
    PackParams pack;
    pack.from = one.view;
    pack.to = {at.workspace + one.offset, 0, std::int64_t{heads} * padded(one.width), padded(one.width)};
    pack.from_sequences = params.sequences;
    pack.to_sequences = params.workspace_sequences;
    pack.tiles = params.sequences + tiles.at;
    pack.of_queries = one.of_queries ? 1 : 0;
    pack.heads = heads;
    pack.width = one.width;
    one.view = pack.to;
    if (tiles.list.empty()) continue;
    Launch launch;
    launch.entry = kernel_ + "_pack";
    launch.grid[0] = static_cast<std::uint32_t>(tiles.list.size() * static_cast<std::size_t>(heads));
    launch.block[0] = BackwardTiles::threads;
    launch.parameters = bytes_of_params(pack);
    to.push_back(std::move(launch));
  }
  params.source_sequences = params.workspace_sequences;
}

std::vector<Launch> BackwardCall::launches(const Addresses& at) const {
  std::vector<Launch> launches;
  BackwardParams p = params(at);
  if (!aligned_) add_packing(launches, p, at);
  add(launches, "stats", query_rows_by_64_, p, problem_.h_q, 0);
  const char* const modified = changes_scores(problem_) ? "_mod" : "";
  const auto add_pass = [&](const char* pass, BackwardJob job, const BackwardTiles& shape) {
    add(launches, fmt::format("d{}_{}{}", shape.dim, pass, modified),
        job.owns_keys ? key_tiles_ : query_tiles_, p, job.owns_keys ? problem_.h_kv : problem_.h_q,
        job.shared_bytes(shape));
  };
  if (key_shape_.apart) {
    add_pass("dv", kDvJob, key_shape_);
    add_pass("dk", sums_dq_ ? kDkAndDqJob : kDkJob, key_shape_);
  } else {
    add_pass("dkv", sums_dq_ ? kKeysAndDqJob : kKeysJob, key_shape_);
  }
  if (sums_dq_)
    add(launches, "dq", query_rows_by_64_, p, problem_.h_q, 0);
  else
    add_pass("dq", kDqJob, query_shape_);
  return launches;
}

}  // namespace flashdiff::kernels
