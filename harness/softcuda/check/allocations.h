#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

namespace softcuda::check {

/// A piece of device memory as its user asked for it: exact bytes, no rounding.
struct Allocation {
  std::uint64_t base = 0;
  std::uint64_t bytes = 0;
  std::uint64_t number = 0;  ///< 1 for the first of the process; a stable name in reports
  std::string what;          ///< "allocation 3", or "module variable `table`"
  bool constant = false;     ///< kernels may not write it
  [[nodiscard]] std::uint64_t end() const { return base + bytes; }
};

struct Interval {
  std::uint64_t begin = 1;
  std::uint64_t end = 0;
  bool constant = false;
};

/// What is live and what was freed lately, by address. Every member may be called from any thread.
class Allocations {
 public:
  /// Returns the number given.
  std::uint64_t add(std::uint64_t base, std::uint64_t bytes, std::string what = {});
  /// Kernels may only read the live allocation that starts at `base`.
  void make_constant(std::uint64_t base);
  /// The number given last; 0 before the first.
  [[nodiscard]] std::uint64_t last_number() const;
  /// The live allocation that starts at `base` becomes a freed one; nothing when there is none.
  std::optional<Allocation> retire(std::uint64_t base);
  /// A freed interval is about to be used again: forget who had it.
  void forget_freed(std::uint64_t base, std::uint64_t bytes);

  /// The live allocation that holds `address`.
  [[nodiscard]] std::optional<Allocation> live_at(std::uint64_t address) const;
  /// As live_at, without the copy of a name; empty interval when there is none.
  [[nodiscard]] Interval interval_at(std::uint64_t address) const;
  [[nodiscard]] std::optional<Allocation> freed_at(std::uint64_t address) const;
  /// The live allocation fewest bytes away from `address`.
  [[nodiscard]] std::optional<Allocation> nearest(std::uint64_t address) const;
  [[nodiscard]] std::vector<Allocation> live() const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::uint64_t, Allocation> live_;
  std::map<std::uint64_t, Allocation> freed_;
  std::uint64_t next_number_ = 1;
};

}  // namespace softcuda::check
