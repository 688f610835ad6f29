#include "harness/softcuda/exec/grid.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>

#include <fmt/core.h>

#include "harness/softcuda/exec/turns.h"

namespace softcuda::exec {
namespace {

/// What blocks have printed, by the order of their starts, and no more of it than will be told: "the output
/// buffer for printf() is set to a fixed size before kernel launch", 1 MiB (CUDA C++ Programming Guide).
class Printed {
 public:
  void add(std::uint64_t position, std::string text) {
    bytes_ += text.size();
    blocks_.emplace(position, std::move(text));
    // Whatever else comes, what starts behind the first kMost bytes is behind them.
    while (bytes_ - std::prev(blocks_.end())->second.size() >= kMost) {
      const auto lost = std::prev(blocks_.end());
      first_lost_ = std::min(first_lost_, lost->first);
      bytes_ -= lost->second.size();
      blocks_.erase(lost);
    }
  }
  /// Of the blocks up to `last`.
  [[nodiscard]] std::string text(std::uint64_t last) const {
    std::string text;
    for (auto at = blocks_.begin(); at != blocks_.end() && at->first <= last; ++at) text += at->second;
    const bool all = first_lost_ == std::numeric_limits<std::uint64_t>::max() || last < first_lost_;
    if (text.size() <= kMost && all) return text;
    text.resize(kMost);
    return text + fmt::format("\n[softcuda: what a launch prints beyond {} bytes is lost]\n", kMost);
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 20;
  std::map<std::uint64_t, std::string> blocks_;
  std::size_t bytes_ = 0;
  std::uint64_t first_lost_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace

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
  };

  const auto most = static_cast<unsigned>(std::min<std::uint64_t>(launch.blocks(), std::max(threads, 1u)));
  if (workers.memory.size() < most) workers.memory.resize(most);
  workers.threads.run(most, work);
  for (BlockMemory& memory : workers.memory) memory.give_back();
  result.printed = printed.text(first_bad.load());
  return result;
}

}  // namespace softcuda::exec
