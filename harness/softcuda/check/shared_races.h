#pragma once
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "harness/softcuda/check/clocks.h"
#include "harness/softcuda/check/races.h"

namespace softcuda::check {

/// How an access takes part in races.
enum class Mode : std::uint8_t {
  read,
  write,
  strong_read,  ///< volatile, relaxed or stronger: no data race with other strong accesses
  strong_write,
  update,  ///< atomic read-modify-write
  copy,    ///< the issue of an asynchronous write
};

/// Races in a block's shared memory: two accesses to a byte, one of them a write, that nothing orders.
/// Between warps that is what Clocks say; inside a warp the lanes must have met. A copy is under way from its
/// issue to the wait of its thread, and a write of that thread from then on.
///
/// State is kept by cells of 4 bytes, or of 2 or 1 once an access is that narrow.
class SharedRaces {
 public:
  void start(std::uint32_t bytes, Clocks& clocks, Races& races);

  /// `lane` of `warp` accesses `bytes` bytes at `offset`; kSeveral for a read by more than one lane.
  /// `values`: of a write, where they are known.
  void access(std::uint32_t warp, std::uint32_t lane, std::uint32_t number, Mode mode, std::uint32_t offset,
              std::uint32_t bytes, const Values* values = nullptr);
  /// The copy issued by this lane and instruction has been waited for.
  void landed(std::uint32_t warp, std::uint32_t lane, std::uint32_t number, std::uint32_t offset,
              std::uint32_t bytes);

 private:
  struct Write {
    Clocks::Moment moment = 0;  ///< 0: never; kPending: a copy under way
    std::uint32_t step = 0, number = 0;
    std::uint8_t warp = 0, lane = 0;
    bool strong = false;
  };
  struct Read {
    Clocks::Moment moment = 0;  ///< kMany: more than one, in many_
    std::uint32_t warps = 0;
    std::uint32_t step = 0, number = 0;  ///< of the latest, by `warp` and `lane`
    std::uint8_t warp = 0, lane = 0;
    bool strong = false;  ///< all of them
  };
  struct Who {
    std::uint32_t warp, lane, number, offset, bytes;
    Mode mode;
    bool writes, strong;
    const Values* values;
  };
  static constexpr Clocks::Moment kPending = 0xffffffffu, kMany = 0xfffffffeu;

  void refine(std::uint32_t bytes);
  void after_write(const Who&, const Write&);
  void after_reads(const Who&, std::size_t cell, const Read&);
  void note_read(const Who&, std::size_t cell);
  void race(const Who&, std::uint32_t warp, std::uint32_t lane, std::uint32_t number, bool wrote, bool copy);

  Clocks* clocks_ = nullptr;
  Races* races_ = nullptr;
  std::uint32_t bytes_ = 0;
  std::uint32_t grain_ = 4;
  std::vector<Write> writes_;
  std::vector<Read> reads_;
  std::unordered_map<std::size_t, Clocks::Seen> many_;  ///< cells read at several unordered moments
};

}  // namespace softcuda::check
