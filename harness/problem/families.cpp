#include "harness/problem/families.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "harness/problem/numbers.h"
#include "harness/problem/random_bits.h"

// What each family provokes stands above its function. Scores are steered through one "offset" column of Q
// and K, the same for a K/V head and the query heads that share it: its product is exact in every dtype, so
// all keys get exactly the intended shift, and the other columns stay ordinary. dO (backward) is ordinary
// where nothing is said of it.

namespace flashdiff::detail {
namespace {

constexpr int kTile = 64;  ///< keys a rising or falling step lasts: the kernels' usual tile

RowKey key_of(const Problem& problem, const RowOfInput& at, int row) {
  std::uint64_t key = folded(problem.seed, static_cast<std::uint64_t>(at.tensor));
  key = folded(key, static_cast<std::uint64_t>(at.sequence));
  key = folded(key, static_cast<std::uint64_t>(at.head));
  return RowKey(folded(key, static_cast<std::uint64_t>(row)));
}
RowKey key_of(const Problem& problem, const RowOfInput& at) { return key_of(problem, at, at.row); }

void fill_normal(RowKey key, float sigma, std::span<float> out) {
  for (std::size_t c = 0; c < out.size(); ++c) {
    const auto counter = static_cast<std::uint32_t>(2 * c);
    out[c] = sigma * normal_value(key.bits(counter), key.bits(counter + 1));
  }
}

void fill_uniform(RowKey key, float low, float high, std::span<float> out) {
  for (std::size_t c = 0; c < out.size(); ++c)
    out[c] = low + (high - low) * unit_value(key.bits(static_cast<std::uint32_t>(c)));
}

/// What a K/V head and its query heads share: a number that both sides compute alike.
std::uint64_t shared_by_group(const Problem& problem, const RowOfInput& at, std::uint64_t purpose) {
  const int kv_head = at.tensor == TensorRole::q ? at.head / problem.group() : at.head;
  const std::uint64_t key = folded(folded(problem.seed, purpose), static_cast<std::uint64_t>(at.sequence));
  return folded(key, static_cast<std::uint64_t>(kv_head));
}

/// q and k, each of at most 3 significant bits, whose product times the scale is `target` or up to a quarter
/// more. Bounded by 2^15 each, so that f16 holds them; only a scale below 2^-16 or so meets the bound.
struct OffsetPair {
  float q = 0, k = 0;
};
OffsetPair offset_pair(const Problem& problem, double target) {
  int exponent = 0;
  const double fraction = std::frexp(target / problem.softmax_scale(), &exponent);
  const int q_exponent = exponent / 2;
  const double k = std::ldexp(std::ceil(fraction * 8) / 8, exponent - q_exponent);
  return {static_cast<float>(std::ldexp(1.0, std::min(q_exponent, 15))),
          static_cast<float>(std::min(k, 0x1p15))};
}

/// Adds target * `steps` to the score of this key (or, in Q, makes the query ask for it). Nothing in V and
/// dO.
void put_offset(const Problem& problem, const RowOfInput& at, double target, float steps,
                std::span<float> out) {
  if (at.tensor != TensorRole::q && at.tensor != TensorRole::k) return;
  const OffsetPair pair = offset_pair(problem, target);
  float& value = out[shared_by_group(problem, at, 1) % out.size()];
  value = at.tensor == TensorRole::q ? pair.q : std::clamp(pair.k * steps, -0x1p15f, 0x1p15f);
}

/// Ordinary attention: scores N(0, 1) at the usual scale.
void normal(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_normal(key_of(problem, at), 1.0f, out);
}

/// Flat weights: every key counts about the same, so that one key too many or too few shows.
void uniform(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_uniform(key_of(problem, at), -1.0f, 1.0f, out);
}

/// All keys of a head are one vector: every score of a query is the same number, O is the mean of V.
void equal(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_normal(key_of(problem, at, at.tensor == TensorRole::k ? 0 : at.row), 1.0f, out);
}

/// Scores near +256, where exp without the maximum subtracted is infinite in every dtype; V as large as sums
/// in f32 (f16: the dtype itself) bear. The weights stay ordinary. In f16 dO is so small that dS fits the
/// dtype: dO . V over 256 columns has a standard deviation of 2^11.
void huge(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  const bool narrow = problem.dtype == DType::f16;
  float sigma = 1.0f;
  if (at.tensor == TensorRole::v) sigma = narrow ? 0x1p13f : 0x1p100f;
  if (at.tensor == TensorRole::d_o && narrow) sigma = 0x1p-6f;
  fill_normal(key_of(problem, at), sigma, out);
  put_offset(problem, at, 256.0, 1.0f, out);
}

/// K and V around the dtype's smallest normal number, a third of them below it. Q is large, so that in f16,
/// whose range is small, K's subnormals still decide the scores. dS is of V's size, or below the dtype.
void tiny(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  const float near_subnormal = 2.0f * static_cast<float>(format_of(problem.dtype).smallest_normal);
  float sigma = near_subnormal;
  if (at.tensor == TensorRole::q) sigma = 0x1p13f;
  if (at.tensor == TensorRole::d_o) sigma = 1.0f;
  fill_normal(key_of(problem, at), sigma, out);
}

/// Every score below -1e4 (at the usual scale): a mask that adds -1e4, or a maximum that starts there, loses
/// to the data.
void very_negative(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_normal(key_of(problem, at), 1.0f, out);
  put_offset(problem, at, 1.0e4 + 64, -1.0f, out);
}

/// The row maximum moves at every tile of 64 keys (modulo 256 tiles): each tile rescales what came before it.
/// Small steps and a narrow spread, so that the tiles before still count.
void rising(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_normal(key_of(problem, at), at.tensor == TensorRole::k ? 0.25f : 1.0f, out);
  put_offset(problem, at, 0.75, static_cast<float>(at.row / kTile % 256), out);
}

/// The maximum is met in the first tile: a kernel that takes each tile's own maximum weighs the later ones
/// too high.
void falling(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_normal(key_of(problem, at), at.tensor == TensorRole::k ? 0.25f : 1.0f, out);
  put_offset(problem, at, 0.75, -static_cast<float>(at.row / kTile % 256), out);
}

/// One key of each head outweighs the others e^10 times; where the mask hides it, a leak is loud.
void one_hot(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  fill_normal(key_of(problem, at), 1.0f, out);
  const auto keys = static_cast<std::uint64_t>(
      std::max(1, problem.sequences[static_cast<std::size_t>(at.sequence)].kv_len));
  const bool winner = static_cast<std::uint64_t>(at.row) == shared_by_group(problem, at, 2) % keys;
  put_offset(problem, at, 10.0, winner ? 1.0f : 0.0f, out);
}

/// Sums that cancel: the terms of q . k alternate in sign along the columns, the rows of V along the keys,
/// those of dO along the queries.
void alternating(const Problem& problem, const RowOfInput& at, std::span<float> out) {
  const bool is_q = at.tensor == TensorRole::q;
  fill_uniform(key_of(problem, at), is_q ? 1.0f : 0.5f, is_q ? 3.0f : 1.5f, out);
  if (at.tensor == TensorRole::k)
    for (std::size_t c = 1; c < out.size(); c += 2) out[c] = -out[c];
  if ((at.tensor == TensorRole::v || at.tensor == TensorRole::d_o) && at.row % 2 == 1)
    for (float& value : out) value = -value;
}

}  // namespace

FillRow maker_of(DataFamily family) {
  switch (family) {
    case DataFamily::normal: return normal;
    case DataFamily::uniform: return uniform;
    case DataFamily::equal: return equal;
    case DataFamily::huge: return huge;
    case DataFamily::tiny: return tiny;
    case DataFamily::very_negative: return very_negative;
    case DataFamily::rising: return rising;
    case DataFamily::falling: return falling;
    case DataFamily::one_hot: return one_hot;
    case DataFamily::alternating: return alternating;
    case DataFamily::file: break;
  }
  throw std::invalid_argument("a family that no function makes");
}

}  // namespace flashdiff::detail
