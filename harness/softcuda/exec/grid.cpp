#include "harness/softcuda/exec/grid.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include "harness/softcuda/exec/printed.h"
#include "harness/softcuda/exec/turns.h"

namespace softcuda::exec {

GridResult run_grid(const Launch& launch, Workers& workers, unsigned threads) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> first_bad{std::numeric_limits<std::uint64_t>::max()};
  std::mutex mutex;
  GridResult result;
  result.tally = count::Tally(launch.program.blocks.size(), launch.program.sites);
  Printed printed;

  const auto work = [&](unsigned worker) {
    BlockRunner runner(launch, workers.memory[worker]);
    while (true) {
      const std::uint64_t position = next.fetch_add(1, std::memory_order_relaxed);
      if (position >= launch.blocks() || position > first_bad.load(std::memory_order_relaxed)) break;
      auto fault = runner.run(
          block_at(launch.settings.block_order, position, launch.blocks(), launch.settings.modes.seed));
      if (std::string text = runner.take_printed(); !text.empty()) {
        const std::lock_guard lock(mutex);
        printed.add(position, std::move(text));
      }
      if (!fault) continue;
      const std::lock_guard lock(mutex);
      if (position >= first_bad.load()) continue;
      first_bad = position;
      result.fault = std::move(fault);
    }
    const std::lock_guard lock(mutex);
    result.tally += runner.tally();
    result.footprint += runner.footprint();
  };

  const auto most = static_cast<unsigned>(std::min<std::uint64_t>(launch.blocks(), std::max(threads, 1u)));
  if (workers.memory.size() < most) workers.memory.resize(most);
  workers.threads.run(most, work);
  for (BlockMemory& memory : workers.memory) memory.give_back();
  result.printed = printed.text(first_bad.load());
  return result;
}

}  // namespace softcuda::exec
