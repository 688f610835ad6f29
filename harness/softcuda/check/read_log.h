#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/softcuda/check/clocks.h"

namespace softcuda::check {

/// Reads of shared memory, written down in their order. SharedRaces looks at them where somebody writes what
/// they have read before a barrier of the whole block has come; where none does, as in correct kernels,
/// never.
class ReadLog {
 public:
  enum class Form : std::uint8_t {
    one,   ///< by one lane, or by several at one place
    run,   ///< lane l at first + l * bytes
    each,  ///< lane l at places[l] * bytes
  };
  struct Read {
    Form form = Form::one;
    std::uint32_t bytes = 0;   ///< a lane's
    std::uint32_t who = 0;     ///< as SharedRaces has it, without the lane
    std::uint32_t number = 0;  ///< of the instruction
    std::uint32_t lanes = 0;   ///< one: the lane; each: a bit for each lane
    std::uint32_t first = 0;   ///< one, run: offset
  };
  using Places = std::array<std::uint16_t, kWarpLanes>;

  [[nodiscard]] bool empty() const { return reads_.empty(); }
  [[nodiscard]] bool full() const { return reads_.size() >= kMost; }
  void clear() {
    reads_.clear();
    used_ = 0;
  }
  void add(const Read& read) { reads_.push_back(read); }
  /// Of Form::each: where its places belong, those of idle lanes included.
  Places& add_each(const Read& read) {
    reads_.push_back(read);
    if (used_ == places_.size()) places_.resize(2 * used_ + 64);
    return places_[used_++];
  }
  /// In order: f(read, its places, which mean something for Form::each).
  template <class Function>
  void for_each(Function f) const {
    static constexpr Places kNone{};
    std::size_t at = 0;
    for (const Read& read : reads_) f(read, read.form == Form::each ? places_[at++] : kNone);
  }

 private:
  static constexpr std::size_t kMost = 16384;  // 1.4 MB
  std::vector<Read> reads_;
  std::vector<Places> places_;
  std::size_t used_ = 0;
};

}  // namespace softcuda::check
