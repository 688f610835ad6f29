#include "harness/lint/bit_mask.h"

#include <algorithm>
#include <bit>

namespace flashdiff::lint {
namespace {

/// Bits [0, count) of a word.
std::uint64_t low_bits(int count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace

BitMask::BitMask(int rows, int columns)
    : rows_(rows),
      columns_(columns),
      stride_((static_cast<std::size_t>(columns) + 63) / 64),
      words_(static_cast<std::size_t>(rows) * stride_) {}

int BitMask::count(int row, int begin, int end) const {
  const auto words = words_of(row);
  int total = 0;
  for (int at = begin; at < end;) {
    const int offset = at % 64, bits = std::min(64 - offset, end - at);
    total += std::popcount(words[static_cast<std::size_t>(at) / 64] >> offset & low_bits(bits));
    at += bits;
  }
  return total;
}

int BitMask::next(int row, int from, std::uint64_t flip) const {
  const auto words = words_of(row);
  for (int at = from; at < columns_; at = at / 64 * 64 + 64) {
    const std::uint64_t found = (words[static_cast<std::size_t>(at) / 64] ^ flip) >> (at % 64);
    if (found != 0) return std::min(columns_, at + std::countr_zero(found));
  }
  return columns_;
}

int BitMask::last_token(int row) const {
  const auto words = words_of(row);
  for (std::size_t word = words.size(); word-- > 0;)
    if (words[word] != 0) return static_cast<int>(word) * 64 + 63 - std::countl_zero(words[word]);
  return -1;
}

int BitMask::first_difference(const BitMask& other, int row, int end) const {
  const auto a = words_of(row), b = other.words_of(row);
  for (int at = 0; at < end; at += 64) {
    const std::uint64_t differs = a[static_cast<std::size_t>(at) / 64] ^ b[static_cast<std::size_t>(at) / 64];
    if (differs != 0) return std::min(end, at + std::countr_zero(differs));
  }
  return end;
}

BitMask BitMask::first_columns(int columns) const {
  BitMask cut(rows_, columns);
  for (int row = 0; row < rows_; ++row) {
    const auto from = words_of(row).first(cut.stride_);
    const auto to =
        cut.words_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * cut.stride_);
    std::copy(from.begin(), from.end(), to);
    if (columns % 64 != 0) *(to + static_cast<std::ptrdiff_t>(cut.stride_) - 1) &= low_bits(columns % 64);
  }
  return cut;
}

}  // namespace flashdiff::lint
