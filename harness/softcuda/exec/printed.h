#pragma once
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>

#include <fmt/core.h>

namespace softcuda::exec {

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

}  // namespace softcuda::exec
