#pragma once
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

/// What race detectors find, before it is put into words.
namespace softcuda::check {

/// One of the two accesses of a race.
struct RaceSide {
  std::uint32_t unit = 0;    ///< shared memory: the warp; global memory: the block
  std::uint32_t lane = 0;    ///< kSeveral: more than one
  std::uint32_t number = 0;  ///< of the instruction (isa::Op::number)
  bool writes = false;
  bool copy = false;  ///< an asynchronous copy under way
};
inline constexpr std::uint32_t kSeveral = 32;

struct Race {
  RaceSide before, now;
  std::uint64_t place = 0;  ///< first byte: offset into shared memory, or address
  std::uint32_t bytes = 0;  ///< of the later access
  std::uint64_t count = 1;
};

/// Asked of a write that may race with another write: one that changes nothing races in theory only.
class Values {
 public:
  virtual ~Values() = default;
  /// Whether `lane` writes what lane `other` writes by the same instruction or, of kSeveral, what is there.
  [[nodiscard]] virtual bool same(std::uint32_t lane, std::uint32_t other) const = 0;
};

/// Races of a block: repeats between two instructions are one, with a count.
class Races {
 public:
  void add(const Race& race) {
    const auto key = std::tuple(race.before.number, race.now.number, race.before.writes, race.now.writes,
                                race.before.copy, race.before.unit == race.now.unit);
    const auto [at, fresh] = index_.try_emplace(key, found_.size());
    if (fresh && found_.size() < kMost)
      found_.push_back(race);
    else if (at->second < found_.size())
      ++found_[at->second].count;
  }
  [[nodiscard]] const std::vector<Race>& found() const { return found_; }
  void clear() {
    found_.clear();
    index_.clear();
  }

 private:
  static constexpr std::size_t kMost = 256;  // pairs of instructions: more would be read by nobody
  std::vector<Race> found_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, bool, bool, bool, bool>, std::size_t> index_;
};

}  // namespace softcuda::check
