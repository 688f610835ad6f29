#include "harness/softcuda/exec/device_memory.h"

#include <algorithm>
#include <cstring>
#include <new>

#include <fmt/core.h>
#include <sys/mman.h>

#include "harness/softcuda/check/host_address.h"

namespace softcuda::exec {
namespace {

constexpr std::uint64_t kAlign = 512;  // what cuMemAlloc gives in practice
constexpr std::uint64_t kGuard = 512;  // at least so much between allocations: a small overrun meets nobody
constexpr std::uint64_t kCommit = std::uint64_t{2} << 20;
constexpr std::uint64_t kPage = 4096;
/// Where the range is asked for: the same addresses in every process make reports comparable. Where it is
/// taken, any other place will do.
constexpr std::uint64_t kWish = std::uint64_t{0x2000} << 32;

std::uint64_t up(std::uint64_t n, std::uint64_t to) { return (n + to - 1) / to * to; }

}  // namespace

const char* name_of(MemoryError error) {
  switch (error) {
    case MemoryError::out_of_memory: return "out of memory";
    case MemoryError::not_an_allocation: return "not the address of an allocation";
    case MemoryError::out_of_range: return "not inside one allocation";
  }
  return "";
}

DeviceMemory::DeviceMemory(std::uint64_t limit, std::uint64_t quarantine)
    : limit_(limit), quarantine_(quarantine) {
  // Room for the limit, the quarantine, guards and holes; half of it where the system will not give so much.
  for (std::uint64_t bytes = up(4 * limit + quarantine, kCommit); bytes >= kCommit;
       bytes = up(bytes / 2, kCommit)) {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* got = MAP_FAILED;
#if defined(MAP_FIXED_NOREPLACE) && !defined(__SANITIZE_THREAD__)  // which has no room for it there
    got = mmap(check::at_host(kWish), bytes, PROT_NONE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
#endif
    if (got == MAP_FAILED) got = mmap(nullptr, bytes, PROT_NONE, kFlags, -1, 0);
    if (got == MAP_FAILED) continue;
    begin_ = check::address_of(got);
    end_ = begin_ + bytes;
    break;
  }
  if (begin_ == 0) throw std::bad_alloc();
  top_ = committed_ = begin_;
  written_ = check::Written(begin_, end_ - begin_);
}

DeviceMemory::~DeviceMemory() { munmap(check::at_host(begin_), end_ - begin_); }

bool DeviceMemory::commit_to(std::uint64_t end) {
  if (end <= committed_) return true;
  const std::uint64_t to = std::min(up(end - begin_, kCommit) + begin_, end_);
  if (mprotect(check::at_host(committed_), to - committed_, PROT_READ | PROT_WRITE) != 0) return false;
  committed_ = to;
  return true;
}

/// A hole that is large enough, the lowest first, or fresh memory at the top.
std::optional<std::uint64_t> DeviceMemory::take(std::uint64_t bytes) {
  for (auto hole = free_.begin(); hole != free_.end(); ++hole) {
    if (hole->second < bytes) continue;
    const auto [base, have] = *hole;
    free_.erase(hole);
    if (have > bytes) free_[base + bytes] = have - bytes;
    allocations_.forget_freed(base, bytes);
    return base;
  }
  if (end_ - top_ < bytes || !commit_to(top_ + bytes)) return std::nullopt;
  const std::uint64_t base = top_;
  top_ += bytes;
  return base;
}

MemoryResult<std::uint64_t> DeviceMemory::allocate(std::uint64_t bytes, std::string what) {
  const std::lock_guard lock(mutex_);
  bytes = std::max<std::uint64_t>(bytes, 1);
  if (bytes > limit_ || used_ > limit_ - bytes) return tl::unexpected(MemoryError::out_of_memory);
  const std::uint64_t fresh = top_;  // nothing has ever been written from here on
  const auto base = take(up(bytes + kGuard, kAlign));
  if (!base) return tl::unexpected(MemoryError::out_of_memory);
  used_ += bytes;
  allocations_.add(*base, bytes, std::move(what));
  if (*base < fresh) written_.clear(*base, up(bytes, 8));
  return *base;
}

MemoryResult<void> DeviceMemory::free(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto gone = allocations_.retire(address);
  if (!gone) return tl::unexpected(MemoryError::not_an_allocation);
  used_ -= gone->bytes;
  extents_.forget(address);
  const std::uint64_t bytes = up(gone->bytes + kGuard, kAlign);
  // Whole pages go back to the system now; their addresses wait.
  const std::uint64_t first = up(address, kPage), last = (address + bytes) / kPage * kPage;
  if (last > first) (void)madvise(check::at_host(first), last - first, MADV_DONTNEED);
  waiting_.push_back({address, bytes});
  waiting_bytes_ += bytes;
  while (waiting_bytes_ > quarantine_ && waiting_.size() > 1) {
    const Hole oldest = waiting_.front();
    waiting_.pop_front();
    waiting_bytes_ -= oldest.bytes;
    auto [hole, fresh] = free_.emplace(oldest.base, oldest.bytes);
    if (const auto after = std::next(hole);
        after != free_.end() && hole->first + hole->second == after->first) {
      hole->second += after->second;
      free_.erase(after);
    }
    if (hole == free_.begin()) continue;
    if (const auto before = std::prev(hole); before->first + before->second == hole->first) {
      before->second += hole->second;
      free_.erase(hole);
    }
  }
  return {};
}

bool DeviceMemory::inside_one(std::uint64_t address, std::size_t bytes) const {
  const check::Interval holder = allocations_.interval_at(address);
  return address >= holder.begin && address < holder.end && bytes <= holder.end - address;
}

MemoryResult<void> DeviceMemory::copy_in(std::uint64_t to, const void* from, std::size_t bytes) {
  if (bytes == 0) return {};
  if (!inside_one(to, bytes)) return tl::unexpected(MemoryError::out_of_range);
  std::memcpy(check::at_host(to), from, bytes);
  mark_written(to, bytes);
  return {};
}
MemoryResult<void> DeviceMemory::copy_out(void* to, std::uint64_t from, std::size_t bytes) const {
  if (bytes == 0) return {};
  if (!inside_one(from, bytes)) return tl::unexpected(MemoryError::out_of_range);
  std::memcpy(to, check::at_host(from), bytes);
  return {};
}
MemoryResult<void> DeviceMemory::copy(std::uint64_t to, std::uint64_t from, std::size_t bytes) {
  if (bytes == 0) return {};
  if (!inside_one(to, bytes) || !inside_one(from, bytes)) return tl::unexpected(MemoryError::out_of_range);
  std::memmove(check::at_host(to), check::at_host(from), bytes);
  if (!written_.holds(to, bytes)) return {};  // memory of the host
  if (!written_.holds(from, bytes) || written_.all(from, bytes)) {
    written_.set(to, bytes);
    return {};
  }
  for (std::size_t at = 0; at < bytes; at += 32) {
    const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(bytes - at, 32));
    written_.put(to + at, part, written_.get(from + at, part));
  }
  return {};
}

MemoryResult<void> DeviceMemory::fill(std::uint64_t to, std::uint32_t value, std::size_t element_bytes,
                                      std::size_t count) {
  if (count == 0) return {};
  if (count > limit_ / element_bytes || !inside_one(to, element_bytes * count))
    return tl::unexpected(MemoryError::out_of_range);
  mark_written(to, element_bytes * count);
  if (element_bytes == 1) std::memset(check::at_host(to), static_cast<int>(value & 0xff), count);
  for (std::size_t k = 0; element_bytes > 1 && k < count; ++k) {  // little-endian: the low bytes come first
    std::memcpy(check::at_host(to + k * element_bytes), &value, element_bytes);
  }
  return {};
}

MemoryResult<void> DeviceMemory::adopt(std::uint64_t address, std::uint64_t bytes, std::string what) {
  const std::lock_guard lock(mutex_);
  if (bytes == 0 || address + bytes < address || (address < end_ && address + bytes > begin_))
    return tl::unexpected(MemoryError::not_an_allocation);
  for (const check::Allocation& one : allocations_.live()) {
    if (one.base < address + bytes && address < one.end())
      return tl::unexpected(MemoryError::not_an_allocation);
  }
  allocations_.forget_freed(address, bytes);
  allocations_.add(address, bytes, std::move(what));
  return {};
}
MemoryResult<void> DeviceMemory::forget(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  if (in_device_range(address) || !allocations_.retire(address))
    return tl::unexpected(MemoryError::not_an_allocation);
  extents_.forget(address);
  return {};
}

void DeviceMemory::mark_written(std::uint64_t address, std::uint64_t bytes) {
  if (written_.holds(address, bytes)) written_.set(address, bytes);
}

std::string DeviceMemory::describe(check::Box box) {
  const std::lock_guard lock(mutex_);  // nobody may free the allocation meanwhile
  check::Interval holder = allocations_.interval_at(box.base);
  if (holder.end < holder.begin && box.empty()) holder = allocations_.interval_at(box.base - 1);
  if (holder.end < holder.begin)
    return fmt::format("{}: nothing is allocated at {:#x}", box.tensor, box.base);
  return extents_.add(holder, std::move(box));
}
bool DeviceMemory::forget_extents(std::uint64_t address) {
  const check::Interval holder = allocations_.interval_at(address);
  if (holder.end < holder.begin) return false;
  extents_.forget(holder.begin);
  return true;
}

void DeviceMemory::lose_sight() { lost_ = allocations_.last_number(); }
void DeviceMemory::take_lost_as_written() {
  const std::uint64_t up_to = lost_.exchange(0);
  if (up_to == 0) return;
  for (const check::Allocation& one : allocations_.live()) {
    if (one.number <= up_to) mark_written(one.base, one.bytes);
  }
}
check::GlobalRaces& DeviceMemory::races() {
  const std::lock_guard lock(mutex_);
  if (races_ == nullptr) races_ = std::make_unique<check::GlobalRaces>(begin_, end_ - begin_);
  return *races_;
}

bool DeviceMemory::in_device_range(std::uint64_t address) const {
  return address >= begin_ && address < end_;
}
std::optional<check::Allocation> DeviceMemory::find(std::uint64_t address) const {
  return allocations_.live_at(address);
}
std::vector<check::Allocation> DeviceMemory::live() const { return allocations_.live(); }
std::uint64_t DeviceMemory::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace softcuda::exec
