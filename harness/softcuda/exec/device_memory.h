#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "harness/softcuda/check/allocations.h"
#include "harness/softcuda/check/extents.h"
#include "harness/softcuda/check/global_races.h"
#include "harness/softcuda/check/written.h"

namespace softcuda::exec {

enum class MemoryError : std::uint8_t {
  out_of_memory,
  not_an_allocation,  ///< free of an address that allocate() never gave, or twice
  out_of_range,       ///< a copy or fill that is not inside one live allocation
};
[[nodiscard]] const char* name_of(MemoryError);

template <class T>
using MemoryResult = tl::expected<T, MemoryError>;

/// Global memory: one reserved range of virtual addresses, made accessible as it is used. A device address is
/// the host address of its byte, so it can never be taken for another host pointer; clients should go through
/// the copies all the same, because these are checked. Freed ranges are not given out again before
/// `quarantine` bytes more have been freed, so that a late access is recognised for what it is.
///
/// Every member may be called from any thread. The caller must not free memory that a running kernel uses
/// (cuMemFree synchronises first).
class DeviceMemory {
 public:
  /// `limit`: bytes that may be live at once; what total_bytes() answers.
  explicit DeviceMemory(std::uint64_t limit, std::uint64_t quarantine = std::uint64_t{64} << 20);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// At least one byte; the address is a multiple of 512.
  [[nodiscard]] MemoryResult<std::uint64_t> allocate(std::uint64_t bytes, std::string what = {});
  /// Kernels may only read what is allocated at `address`; the host may write it (cudaMemcpyToSymbol).
  void make_constant(std::uint64_t address) { allocations_.make_constant(address); }
  [[nodiscard]] MemoryResult<void> free(std::uint64_t address);

  /// Memory of the host that kernels may use as well, from now until `forget`: an allocation like any other,
  /// whose bytes count as written. not_an_allocation where some of it is one already.
  [[nodiscard]] MemoryResult<void> adopt(std::uint64_t address, std::uint64_t bytes, std::string what);
  [[nodiscard]] MemoryResult<void> forget(std::uint64_t address);

  [[nodiscard]] MemoryResult<void> copy_in(std::uint64_t to, const void* from, std::size_t bytes);
  [[nodiscard]] MemoryResult<void> copy_out(void* to, std::uint64_t from, std::size_t bytes) const;
  [[nodiscard]] MemoryResult<void> copy(std::uint64_t to, std::uint64_t from, std::size_t bytes);
  /// `element_bytes` 1, 2 or 4: `count` elements of `value`.
  [[nodiscard]] MemoryResult<void> fill(std::uint64_t to, std::uint32_t value, std::size_t element_bytes,
                                        std::size_t count);

  /// Whether one live allocation holds every byte.
  [[nodiscard]] bool inside_one(std::uint64_t address, std::size_t bytes) const;
  /// Whether the address is in the reserved range at all: a device address, live or not.
  [[nodiscard]] bool in_device_range(std::uint64_t address) const;
  /// The live allocation that holds the address.
  [[nodiscard]] std::optional<check::Allocation> find(std::uint64_t address) const;
  [[nodiscard]] std::vector<check::Allocation> live() const;
  [[nodiscard]] std::uint64_t total_bytes() const { return limit_; }
  [[nodiscard]] std::uint64_t used_bytes() const;
  [[nodiscard]] const check::Allocations& allocations() const { return allocations_; }

  /// Says what a part of a live allocation is; freeing the allocation forgets it. Empty, or why not, in one
  /// line. A box without elements may start where its allocation ends.
  [[nodiscard]] std::string describe(check::Box box);
  /// The allocation that holds `address` is described no more; false: there is none.
  bool forget_extents(std::uint64_t address);
  [[nodiscard]] check::Extents& extents() { return extents_; }

  /// These bytes count as written, where the address is a device address.
  void mark_written(std::uint64_t address, std::uint64_t bytes);
  /// Which bytes have been written, by copies and by launches that were looked at.
  [[nodiscard]] check::Written& written() { return written_; }
  /// A launch of which nobody knows what it wrote: what is live now counts as written, from the next look at
  /// it on.
  void lose_sight();
  void take_lost_as_written();
  /// The shadow of race detection, made when it is first asked for.
  [[nodiscard]] check::GlobalRaces& races();

 private:
  struct Hole {
    std::uint64_t base, bytes;
  };
  std::optional<std::uint64_t> take(std::uint64_t bytes);
  bool commit_to(std::uint64_t end);

  std::uint64_t limit_;
  std::uint64_t quarantine_;
  std::uint64_t begin_ = 0, end_ = 0;  ///< the reserved range
  mutable std::mutex mutex_;
  std::uint64_t committed_ = 0;                  ///< readable and writable up to here
  std::uint64_t top_ = 0;                        ///< never given out from here on
  std::map<std::uint64_t, std::uint64_t> free_;  ///< base -> bytes, coalesced, ready for use
  std::deque<Hole> waiting_;                     ///< freed, in quarantine, oldest first
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t used_ = 0;
  check::Allocations allocations_;
  check::Extents extents_;
  check::Written written_;
  std::atomic<std::uint64_t> lost_{0};  ///< allocations up to this number were live in an unseen launch
  std::unique_ptr<check::GlobalRaces> races_;
};

}  // namespace softcuda::exec
