#pragma once
#include <cstddef>
#include <cstdint>

/// Which bytes of a range have ever been written: one bit a byte. The bits take address space only, until
/// they are used, and are all clear at first.
namespace softcuda::check {

class Written {
 public:
  Written() = default;
  /// Of `bytes` bytes from `begin` on; `begin` a multiple of 8.
  Written(std::uint64_t begin, std::uint64_t bytes);
  ~Written();
  Written(Written&&) noexcept;
  Written& operator=(Written&&) noexcept;

  [[nodiscard]] bool holds(std::uint64_t address, std::uint64_t bytes) const {
    return address >= begin_ && address - begin_ < bytes_ && bytes <= bytes_ - (address - begin_);
  }
  /// Any thread may set bits while others set or read neighbouring ones.
  void set(std::uint64_t address, std::uint64_t bytes);
  void clear(std::uint64_t address, std::uint64_t bytes);
  /// How often bytes have been taken back: what was found written stays so while this stays the same.
  [[nodiscard]] std::uint64_t clears() const { return clears_; }
  /// As set, of each of `lanes`' `bytes` bytes at addresses[lane], a multiple of `bytes`.
  void set_each(const std::uint64_t* addresses, std::uint32_t lanes, std::uint32_t bytes);
  /// Bit k: byte address + k has been written; `bytes` up to 32.
  [[nodiscard]] std::uint32_t get(std::uint64_t address, std::uint32_t bytes) const;
  [[nodiscard]] bool all(std::uint64_t address, std::uint64_t bytes) const;
  /// Of each of `lanes`' `bytes` bytes (1, 2, 4, 8 or 16) at addresses[lane], a multiple of `bytes`; false as
  /// well where one is not in the range.
  [[nodiscard]] bool all_of(const std::uint64_t* addresses, std::uint32_t lanes, std::uint32_t bytes) const;
  /// As set or clear, by bits: byte address + k is written where bit k is set.
  void put(std::uint64_t address, std::uint32_t bytes, std::uint32_t bits);
  /// What is kept about `bytes` bytes of the range.
  [[nodiscard]] static std::uint64_t shadow_bytes(std::uint64_t bytes) { return (bytes + 7) / 8; }

 private:
  void change(std::uint64_t address, std::uint64_t bytes, bool to);
  bool all_of_16(const std::uint64_t* addresses, std::uint32_t lanes) const;
  /// The bits of 64 bytes from offset `at` on, a multiple of 64.
  [[nodiscard]] std::uint64_t* eight(std::uint64_t at) const {
    return reinterpret_cast<std::uint64_t*>(bits_ + at / 8);
  }
  /// The bits of 16 bytes from offset `at` on, a multiple of 16.
  [[nodiscard]] std::uint16_t* pair(std::uint64_t at) const {
    return reinterpret_cast<std::uint16_t*>(bits_ + at / 8);
  }
  std::uint64_t begin_ = 0, bytes_ = 0;
  std::uint64_t clears_ = 0;  ///< written atomically: of device memory any thread may clear
  std::uint8_t* bits_ = nullptr;
  std::size_t mapped_ = 0;
};

}  // namespace softcuda::check
