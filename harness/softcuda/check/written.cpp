#include "harness/softcuda/check/written.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace softcuda::check {
namespace {

void change_bits(std::uint8_t& byte, std::uint8_t mask, bool to) {
  std::atomic_ref<std::uint8_t> bits(byte);
  const std::uint8_t have = bits.load(std::memory_order_relaxed);
  if (to && (have & mask) != mask) bits.fetch_or(mask, std::memory_order_relaxed);
  if (!to && (have & mask) != 0) bits.fetch_and(static_cast<std::uint8_t>(~mask), std::memory_order_relaxed);
}

}  // namespace

Written::Written(std::uint64_t begin, std::uint64_t bytes)
    : begin_(begin), bytes_(bytes), mapped_(static_cast<std::size_t>(bytes / 8 + 16)) {
  void* at =
      ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  bits_ = static_cast<std::uint8_t*>(at);
}
Written::~Written() {
  if (bits_ != nullptr) ::munmap(bits_, mapped_);
}
Written::Written(Written&& other) noexcept { *this = std::move(other); }
Written& Written::operator=(Written&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(bytes_, other.bytes_);
  std::swap(clears_, other.clears_);
  std::swap(bits_, other.bits_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

void Written::change(std::uint64_t address, std::uint64_t bytes, bool to) {
  if (!to) std::atomic_ref<std::uint64_t>(clears_).fetch_add(1, std::memory_order_relaxed);
  std::uint64_t at = address - begin_;
  const std::uint64_t end = at + bytes;
  if (at % 8 != 0 || bytes < 8) {
    const std::uint64_t stop = std::min(end, (at / 8 + 1) * 8);
    const auto mask = static_cast<std::uint8_t>(((1u << (stop - at)) - 1) << at % 8);
    change_bits(bits_[at / 8], mask, to);
    at = stop;
  }
  for (; at + 8 <= end; at += 8) {
    for (; at % 64 == 0 && at + 64 <= end; at += 64)
      std::atomic_ref<std::uint64_t>(*eight(at)).store(to ? ~std::uint64_t{0} : 0, std::memory_order_relaxed);
    if (at + 8 > end) break;
    std::atomic_ref<std::uint8_t>(bits_[at / 8]).store(to ? 0xff : 0, std::memory_order_relaxed);
  }
  if (at < end) change_bits(bits_[at / 8], static_cast<std::uint8_t>((1u << (end - at)) - 1), to);
}
void Written::set(std::uint64_t address, std::uint64_t bytes) { change(address, bytes, true); }
void Written::clear(std::uint64_t address, std::uint64_t bytes) { change(address, bytes, false); }

std::uint32_t Written::get(std::uint64_t address, std::uint32_t bytes) const {
  const std::uint64_t at = address - begin_;
  std::uint64_t bits = 0;
  const std::uint64_t first = at / 8, last = (at + bytes - 1) / 8;
  for (std::uint64_t k = first; k <= last; ++k)
    bits |= std::uint64_t{std::atomic_ref<std::uint8_t>(bits_[k]).load(std::memory_order_relaxed)}
            << 8 * (k - first);
  bits >>= at % 8;
  return static_cast<std::uint32_t>(bytes >= 32 ? bits : bits & ((std::uint64_t{1} << bytes) - 1));
}

bool Written::all(std::uint64_t address, std::uint64_t bytes) const {
  std::uint64_t at = address - begin_;
  const std::uint64_t end = at + bytes;
  const auto missing = [&](std::uint64_t byte, std::uint64_t from, std::uint64_t to) {
    const auto mask = static_cast<std::uint8_t>(((1u << (to - from)) - 1) << from);
    return static_cast<std::uint8_t>(
        mask & ~std::atomic_ref<std::uint8_t>(bits_[byte]).load(std::memory_order_relaxed));
  };
  std::uint8_t lacks = 0;
  if (at % 8 != 0) {
    const std::uint64_t stop = std::min(end, (at / 8 + 1) * 8);
    lacks |= missing(at / 8, at % 8, at % 8 + (stop - at));
    at = stop;
  }
  std::uint64_t every = ~std::uint64_t{0};
  for (; at + 8 <= end; at += 8) {
    for (; at % 64 == 0 && at + 64 <= end; at += 64)
      every &= std::atomic_ref<std::uint64_t>(*eight(at)).load(std::memory_order_relaxed);
    if (at + 8 > end) break;
    lacks |= missing(at / 8, 0, 8);
  }
  if (at < end) lacks |= missing(at / 8, 0, end - at);
  return lacks == 0 && every == ~std::uint64_t{0};
}

void Written::set_each(const std::uint64_t* addresses, std::uint32_t lanes, std::uint32_t bytes) {
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const std::uint64_t at = addresses[std::countr_zero(rest)] - begin_;
    if (bytes == 16 && at % 16 == 0)
      std::atomic_ref<std::uint16_t>(*pair(at)).store(0xffff, std::memory_order_relaxed);
    else if (bytes < 8)
      change_bits(bits_[at / 8], static_cast<std::uint8_t>(((1u << bytes) - 1) << at % 8), true);
    else
      change(addresses[std::countr_zero(rest)], bytes, true);
  }
}

/// Of 16 aligned bytes each, which is what tiles are read by.
bool Written::all_of_16(const std::uint64_t* addresses, std::uint32_t lanes) const {
  std::uint32_t all = 0xffff;
  std::uint64_t outside = 0;
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const std::uint64_t at = addresses[std::countr_zero(rest)] - begin_;
    outside |= static_cast<std::uint64_t>(at >= bytes_) | at % 16;
    if (outside != 0) return false;
    all &= std::atomic_ref<std::uint16_t>(*pair(at)).load(std::memory_order_relaxed);
  }
  return all == 0xffff;
}

bool Written::all_of(const std::uint64_t* addresses, std::uint32_t lanes, std::uint32_t bytes) const {
  if (bytes == 16 && begin_ % 16 == 0) return all_of_16(addresses, lanes);
  std::uint32_t lacks = 0;
  for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
    const std::uint64_t at = addresses[std::countr_zero(rest)] - begin_;
    if (at >= bytes_) return false;
    const auto byte = [&](std::uint64_t k) {
      return std::uint32_t{std::atomic_ref<std::uint8_t>(bits_[k]).load(std::memory_order_relaxed)};
    };
    const std::uint32_t mask = bytes >= 8 ? 0xff : ((1u << bytes) - 1) << at % 8;
    lacks |= mask & ~byte(at / 8);
    if (bytes > 8) lacks |= 0xff & ~byte(at / 8 + 1);
  }
  return lacks == 0;
}

void Written::put(std::uint64_t address, std::uint32_t bytes, std::uint32_t bits) {
  const std::uint32_t every = bytes >= 32 ? 0xffffffffu : (1u << bytes) - 1;
  if ((bits & every) == every) return set(address, bytes);
  if ((bits & every) == 0) return clear(address, bytes);
  for (std::uint32_t k = 0; k < bytes; ++k) change(address + k, 1, (bits >> k & 1u) != 0);
}

}  // namespace softcuda::check
