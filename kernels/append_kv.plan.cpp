#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "harness/problem/numbers.h"
#include "kernels/append_params.h"
#include "kernels/kernel.h"
#include "kernels/views.h"

/// The plan of append_kv.cu: a block for each new token, whatever the padding around it.
namespace flashdiff::kernels {
namespace {

constexpr std::int64_t kLargestGrid = 0x7fffffff;  // x

std::string why_not(const Case& c) {
  const Problem& p = c.problem;
  if (p.pass != Pass::append) return "appends to the cache only";
  if (p.rope_dim() > AppendParams::kMostDim)
    return fmt::format("{} columns to turn: at most {}", p.rope_dim(), AppendParams::kMostDim);
  std::int64_t tokens = 0;
  for (const SequenceLengths& one : p.sequences) tokens += one.q_len;
  if (tokens > kLargestGrid) return fmt::format("{} new tokens: at most {}", tokens, kLargestGrid);
  return {};
}

Numerics numerics(const Problem& problem) {
  Numerics n;
  n.qk = n.pv = Accumulation::f32_fma;
  n.out = problem.dtype;
  n.pages_keep_bits = true;
  return n;
}

/// Elements that a thread moves at once.
int piece_of(const Problem& problem) { return static_cast<int>(16 / bytes_of(problem.dtype)); }

/// Rows go in pieces of 16 bytes: they begin at multiples of it, and so does what a form takes for a pair's
/// second column, and what is copied.
bool in_pieces(const LaidOut& io) {
  const Problem& p = io.question.problem;
  const int piece = piece_of(p);
  const bool half = p.rope && p.rope->form == RopeForm::half;
  for (const int columns : {p.d_qk, p.d_v, half ? p.rope_dim() / 2 : p.rope_dim()})
    if (columns % piece != 0) return false;
  return is_aligned(io);
}

/// Threads along a row: a power of two, so that a warp has whole rows. Of V's row, which has nothing to turn,
/// each has two pieces, as it has of a pair's.
std::uint32_t lanes_of(const Problem& p, bool pieces) {
  const int piece = pieces ? piece_of(p) : 1;
  const int most = std::max({p.rope_dim() / 2, p.d_qk - p.rope_dim(), p.d_v / 2, 1});
  return std::min(32u, std::bit_ceil(static_cast<std::uint32_t>((most + piece - 1) / piece)));
}

/// What is uploaded: Sequences, tokens, block table.
struct Metadata {
  std::vector<std::byte> bytes;
  std::size_t tokens_at = 0, table_at = 0, tokens = 0;
};
Metadata metadata_of(const LaidOut& io) {
  const auto& lengths = io.question.problem.sequences;
  std::vector<Sequence> sequences;
  std::vector<NewToken> tokens;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    // Of the whole cache: its placement has the new tokens' rows.
    const std::int64_t kv_first_row = io.k.place.first_row[s] - io.k.place.past[s];
    sequences.push_back({io.q.place.first_row[s], kv_first_row, lengths[s].q_len, lengths[s].kv_len});
    for (int i = 0; i < lengths[s].q_len; ++i) tokens.push_back({static_cast<std::int32_t>(s), i});
  }
  Metadata made;
  append(made.bytes, sequences);
  made.tokens_at = append(made.bytes, tokens);
  made.table_at = append(made.bytes, io.k.place.block_table);
  made.tokens = tokens.size();
  return made;
}

Needs needs(const LaidOut& io) { return {metadata_of(io).bytes, 0}; }

std::vector<Launch> plan(const LaidOut& io, const Addresses& at) {
  const Problem& problem = io.question.problem;
  const Metadata metadata = metadata_of(io);
  if (metadata.tokens == 0) return {};

  AppendParams params;
  params.q = view_of(io.q, at.q);
  params.k_new = view_of(io.k_new, at.k_new);
  params.v_new = view_of(io.v_new, at.v_new);
  params.q_rot = view_of(io.q_rot, at.q_rot);
  params.k = view_of(io.k, at.k);
  params.v = view_of(io.v, at.v);
  params.rope = view_of(io.rope, at.rope);
  params.pages = paging_of(io.k.place, at.metadata + metadata.table_at);
  params.sequences = at.metadata;
  params.tokens = at.metadata + metadata.tokens_at;
  params.q_heads = problem.h_q;
  params.kv_heads = problem.h_kv;
  params.d_qk = problem.d_qk;
  params.d_v = problem.d_v;
  params.rope_dim = problem.rope_dim();

  const bool pieces = in_pieces(io);
  const RopeForm form =
      problem.rope ? problem.rope->form : RopeForm::half;  // with no columns to turn: copies
  Launch launch;
  launch.entry =
      fmt::format("append_kv_{}_{}{}", name_of(form), name_of(problem.dtype), pieces ? "" : "_any");
  launch.grid[0] = static_cast<std::uint32_t>(metadata.tokens);
  launch.block[0] = lanes_of(problem, pieces);
  launch.block[1] = std::min(AppendParams::kThreads / launch.block[0],
                             static_cast<std::uint32_t>(problem.h_q + 2 * problem.h_kv));
  launch.parameters = bytes_of_params(params);
  return {launch};
}

}  // namespace

KernelPlan append_kv_plan() {
  KernelPlan made{
      "appends K and V of new tokens to the cache, in rows or in pages, K and Q turned by a rotary "
      "embedding: "
      "f32, f16, bf16",
      why_not, numerics, needs, plan};
  made.pass = Pass::append;
  return made;
}

}  // namespace flashdiff::kernels
