#include "harness/softcuda/exec/turns.h"

#include <algorithm>
#include <numeric>

namespace softcuda::exec {
namespace {

/// Instructions that a warp may issue before another one gets a turn. Long enough that switching costs
/// nothing, short enough that a warp which waits for another one's store does not wait for long.
constexpr std::int64_t kTurn = 16384;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): neighbouring seeds give unrelated numbers.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

}  // namespace

Turns::Turns(WarpOrder order, std::uint32_t warps, std::uint64_t seed)
    : order_(order), seed_(seed), warps_(warps) {
  std::iota(warps_.begin(), warps_.end(), 0u);
  if (order == WarpOrder::reversed) std::ranges::reverse(warps_);
}

void Turns::start(std::uint64_t block) {
  if (order_ != WarpOrder::random && order_ != WarpOrder::far_ahead) return;
  const std::uint64_t seed = mixed(seed_ ^ mixed(block));
  engine_.emplace(seed);
  first_ = static_cast<std::uint32_t>(seed % warps_.size());
  std::ranges::sort(warps_);
  if (order_ == WarpOrder::far_ahead) std::swap(warps_.front(), warps_[first_]);
}

const std::vector<std::uint32_t>& Turns::round() {
  if (order_ == WarpOrder::random) {
    for (std::size_t k = warps_.size(); k > 1; --k) std::swap(warps_[k - 1], warps_[(*engine_)() % k]);
  }
  return warps_;
}

std::int64_t Turns::length() {
  return order_ == WarpOrder::random ? std::int64_t{1} << (*engine_)() % 12 : kTurn;
}

std::uint64_t block_at(BlockOrder order, std::uint64_t position, std::uint64_t blocks, std::uint64_t seed) {
  if (order == BlockOrder::rising || blocks < 2) return position;
  if (order == BlockOrder::falling) return blocks - 1 - position;
  // A step that shares no factor with the number of blocks visits each of them once.
  std::uint64_t step = mixed(seed) % blocks | 1;
  while (std::gcd(step, blocks) != 1) ++step;
  const auto moved = static_cast<unsigned __int128>(step) * position + mixed(seed + 1) % blocks;
  return static_cast<std::uint64_t>(moved % blocks);
}

}  // namespace softcuda::exec
