#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/softcuda/check/clocks.h"
#include "harness/softcuda/check/scatter.h"

namespace softcuda::check {

/// Reads of shared memory, written down in their order. SharedRaces looks at them where somebody writes what
/// they have read before a barrier of the whole block has come; where none does, as in correct kernels,
/// never.
class ReadLog {
 public:
  enum class Form : std::uint8_t {
    one,   ///< by one lane, or by several at one place
    run,   ///< lane l at first + l * bytes
    each,  ///< lane l at (first + places[l]) * bytes, modulo 2^16 * bytes
  };
  struct Read {
    Form form = Form::one;
    std::uint32_t bytes = 0;   ///< a lane's
    std::uint32_t who = 0;     ///< as SharedRaces has it, without the lane
    std::uint32_t number = 0;  ///< of the instruction
    std::uint32_t lanes = 0;   ///< one: the lane; each: a bit for each lane
    std::uint32_t first = 0;   ///< one, run: offset; each: in units of bytes
    std::uint32_t places = 0;  ///< each: which of the log's
  };
  using Places = std::array<std::uint16_t, kWarpLanes>;

  [[nodiscard]] bool empty() const { return reads_.empty(); }
  [[nodiscard]] bool full() const { return reads_.size() >= kMost; }
  void clear() {
    reads_.clear();
    used_ = 0;
  }
  void add(const Read& read) { reads_.push_back(read); }
  /// Of Form::each, whose places are the same for every read that is `like` this one; `places` are asked for
  /// where the log has none yet.
  template <class Function>
  void add_each(Read read, std::uint64_t like, Function places) {
    std::uint32_t& known = known_[(like ^ like >> Scatter::kVersionBits) % known_.size()];
    if (known >= used_ || places_[known].like != like) {
      if (used_ == places_.size()) places_.resize(2 * used_ + 64);
      places_[used_] = {like, places()};
      known = used_++;
    }
    read.places = known;
    reads_.push_back(read);
  }
  /// In order: f(read, its places, which mean something for Form::each).
  template <class Function>
  void for_each(Function f) const {
    static constexpr Places kNone{};
    for (const Read& read : reads_) f(read, read.form == Form::each ? places_[read.places].at : kNone);
  }

 private:
  static constexpr std::size_t kMost = 16384;  // 1.4 MB
  struct Placed {
    std::uint64_t like = 0;
    Places at{};
  };
  std::vector<Read> reads_;
  std::vector<Placed> places_;
  std::uint32_t used_ = 0;
  std::array<std::uint32_t, 64> known_{};  ///< by Scatter::like: where its places may be
};

}  // namespace softcuda::check
