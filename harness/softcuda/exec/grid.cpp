#include "harness/softcuda/exec/grid.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/softcuda/exec/block.h"
#include "harness/softcuda/exec/turns.h"

namespace softcuda::exec {

GridResult run_grid(const Launch& launch, unsigned threads) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> first_bad{std::numeric_limits<std::uint64_t>::max()};
  std::mutex mutex;
  GridResult result;
  result.tally = count::Tally(launch.program.blocks.size(), launch.program.sites);
  std::map<std::uint64_t, std::string> printed;

  const auto work = [&] {
    BlockRunner runner(launch);
    while (true) {
      const std::uint64_t position = next.fetch_add(1, std::memory_order_relaxed);
      if (position >= launch.blocks() || position > first_bad.load(std::memory_order_relaxed)) break;
      auto fault = runner.run(
          block_at(launch.settings.block_order, position, launch.blocks(), launch.settings.modes.seed));
      if (std::string text = runner.take_printed(); !text.empty()) {
        const std::lock_guard lock(mutex);
        printed.emplace(position, std::move(text));
      }
      if (!fault) continue;
      const std::lock_guard lock(mutex);
      if (position >= first_bad.load()) continue;
      first_bad = position;
      result.fault = std::move(fault);
    }
    const std::lock_guard lock(mutex);
    result.tally += runner.tally();
  };

  const auto most = static_cast<unsigned>(std::min<std::uint64_t>(launch.blocks(), std::max(threads, 1u)));
  std::vector<std::thread> others;
  for (unsigned k = 1; k < most; ++k) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  for (const auto& [position, text] : printed) {
    if (position <= first_bad.load()) result.printed += text;
  }
  return result;
}

}  // namespace softcuda::exec
