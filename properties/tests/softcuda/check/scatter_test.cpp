#include "harness/softcuda/check/scatter.h"

#include <array>
#include <bitset>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/softcuda/check/written.h"

namespace softcuda::check {
namespace {

using Places = std::array<std::uint64_t, 32>;

Places random_places(std::uint32_t bytes) {
  const auto stride = bytes * *rc::gen::element(0u, 1u, 2u, 3u), odd = *rc::gen::inRange(0u, 64u);
  const auto begin = bytes * *rc::gen::inRange(0u, 8u);
  Places places{};
  for (std::uint32_t lane = 0; lane < 32; ++lane) places[lane] = 4096 + begin + stride * lane;
  if (odd < 32) places[odd] += bytes;
  return places;
}

/// What it says of an access is what looking at its lanes says, and accesses that it calls alike are.
RC_GTEST_PROP(Scatter, SaysWhatTheLanesSay, ()) {
  Scatter scatter(3);
  struct Met {
    Places places;
    std::uint32_t lanes, bytes;
    std::uint64_t like;
  };
  std::vector<Met> all;
  for (int step = 0; step < 10; ++step) {
    const auto bytes = *rc::gen::element(1u, 4u, 16u);
    const auto lanes = *rc::gen::element(0xffffffffu, 0xffffffffu, 0xfff0fff0u, 0x80000001u, 0x00000100u);
    const Places places = random_places(bytes);
    scatter.meet(places.data(), lanes, bytes);
    std::uint64_t least = ~std::uint64_t{0}, most = 0;
    std::bitset<32> told;
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
      if ((lanes >> lane & 1u) == 0) continue;
      least = std::min(least, places[lane]);
      most = std::max(most, places[lane]);
    }
    RC_ASSERT(scatter.least() == least && scatter.most() == most);
    scatter.for_each_run([&](std::uint32_t lane, std::uint32_t count) {
      RC_ASSERT(count != 0);
      for (std::uint32_t k = 0; k < count; ++k) {
        RC_ASSERT(!told[lane + k] && places[lane + k] == places[lane] + std::uint64_t{k} * bytes);
        told.set(lane + k);
      }
    });
    RC_ASSERT(told.to_ulong() == lanes);
    for (const Met& met : all) {
      if (met.like != scatter.like()) continue;
      RC_ASSERT(met.lanes == lanes && met.bytes == bytes);
      for (std::size_t lane = 0; lane < 32; ++lane) {
        if ((lanes >> lane & 1u) != 0)
          RC_ASSERT(places[lane] - scatter.first() ==
                    met.places[lane] - met.places[static_cast<std::size_t>(std::countr_zero(lanes))]);
      }
    }
    all.push_back({places, lanes, bytes, scatter.like()});
  }
}

/// An access that is found to be of written bytes without a look at them is.
RC_GTEST_PROP(FoundWritten, NeverSaysMoreThanTheBytesDo, ()) {
  constexpr std::uint64_t kBegin = 4096, kBytes = 2048;
  Written written(kBegin, kBytes);
  Scatter scatter(1);
  FoundWritten found;
  auto bytes = *rc::gen::element(4u, 16u);
  for (int step = 0; step < 60; ++step) {
    if (*rc::gen::inRange(0, 5) == 0) {
      const auto at = kBegin + *rc::gen::inRange(std::uint64_t{0}, kBytes);
      const auto bytes = *rc::gen::inRange(std::uint64_t{1}, kBytes + kBegin - at + 1);
      if (*rc::gen::inRange(0, 3) == 0)
        written.put(at, static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 32)), 0xfffffff7u);
      else if (*rc::gen::inRange(0, 3) == 0)
        written.clear(at, bytes);
      else
        written.set(kBegin, kBytes);
    }
    // Nearly always the same accesses, as in a loop.
    const bool changes = *rc::gen::inRange(0, 8) == 0;
    if (changes) bytes = *rc::gen::element(4u, 16u);
    const auto lanes = changes ? 0xfff0fff0u : 0xffffffffu;
    const auto begin = kBegin + 16 * *rc::gen::inRange(0u, 4u);
    Places places{};
    for (std::uint32_t lane = 0; lane < 32; ++lane) places[lane] = begin + 2 * bytes * lane;
    scatter.meet(places.data(), lanes, bytes);
    const std::uint64_t offset = scatter.first() - kBegin;
    const bool good = written.all_of(places.data(), lanes, bytes);
    if (found.has(scatter, offset, written.clears())) RC_ASSERT(good);
    if (!good) continue;
    found.add(scatter, offset, written.clears(), kBytes);
    RC_ASSERT(found.has(scatter, offset, written.clears()));
  }
}

}  // namespace
}  // namespace softcuda::check
