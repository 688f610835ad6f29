#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace flashdiff::lint {

/// An attention mask [batch, columns], a bit an entry: 4096 x 32768 are 16 MiB. Set: a token. Columns are
/// those of the keys: what the cache holds, then what is new.
class BitMask {
 public:
  BitMask() = default;
  BitMask(int rows, int columns);

  [[nodiscard]] int rows() const { return rows_; }
  [[nodiscard]] int columns() const { return columns_; }
  [[nodiscard]] bool at(int row, int column) const {
    return (words_of(row)[static_cast<std::size_t>(column) / 64] >> (column % 64) & 1) != 0;
  }
  void set(int row, int column) {
    words_[static_cast<std::size_t>(row) * stride_ + static_cast<std::size_t>(column) / 64] |=
        std::uint64_t{1} << (column % 64);
  }

  /// Tokens of a row in columns [begin, end).
  [[nodiscard]] int count(int row, int begin, int end) const;
  [[nodiscard]] int count(int row) const { return count(row, 0, columns_); }
  /// The first column >= `from` that holds a token (or padding); columns() where none does.
  [[nodiscard]] int next_token(int row, int from) const { return next(row, from, 0); }
  [[nodiscard]] int next_padding(int row, int from) const { return next(row, from, ~std::uint64_t{0}); }
  /// The last column that holds a token; -1 where none does.
  [[nodiscard]] int last_token(int row) const;
  /// The first column < `end` where a row differs from the same row of another mask; `end` where none does.
  [[nodiscard]] int first_difference(const BitMask& other, int row, int end) const;
  /// The mask's first columns.
  [[nodiscard]] BitMask first_columns(int columns) const;

  bool operator==(const BitMask&) const = default;

 private:
  [[nodiscard]] std::span<const std::uint64_t> words_of(int row) const {
    return {words_.data() + static_cast<std::size_t>(row) * stride_, stride_};
  }
  /// The first column >= from whose bit differs from those of `flip`.
  [[nodiscard]] int next(int row, int from, std::uint64_t flip) const;

  int rows_ = 0, columns_ = 0;
  std::size_t stride_ = 0;            ///< words a row
  std::vector<std::uint64_t> words_;  ///< bits beyond the last column are 0
};

}  // namespace flashdiff::lint
