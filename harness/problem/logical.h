#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "harness/problem/problem.h"

namespace flashdiff {

namespace detail {
/// Leaves elements that nobody gives a value unwritten: what is about to be written need not be cleared.
template <class T>
struct LeftUnwritten : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = LeftUnwritten<U>;
  };
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    if constexpr (sizeof...(Args) == 0)
      ::new (static_cast<void*>(at)) U;
    else
      ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};
}  // namespace detail

/// A tensor whose every element is going to be written before it is read.
struct Unwritten {};

/// Values by logical row, whatever the layout: [sequence][head][row][column], row-major, no padding. The
/// reference, the oracle and the reports know no other form.
template <class T>
class LogicalTensor {
 public:
  LogicalTensor() = default;
  LogicalTensor(std::vector<int> rows_of_sequence, int heads, int width, T value = T{})
      : rows_(std::move(rows_of_sequence)), heads_(heads), width_(width) {
    values_.assign(placed(), value);
  }
  LogicalTensor(std::vector<int> rows_of_sequence, int heads, int width, Unwritten)
      : rows_(std::move(rows_of_sequence)), heads_(heads), width_(width) {
    values_.resize(placed());
  }

  [[nodiscard]] int sequences() const { return static_cast<int>(rows_.size()); }
  [[nodiscard]] int heads() const { return heads_; }
  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int rows(int sequence) const { return rows_[static_cast<std::size_t>(sequence)]; }
  [[nodiscard]] std::span<T> values() { return values_; }
  [[nodiscard]] std::span<const T> values() const { return values_; }

  /// All rows of one head: a row-major matrix rows(sequence) x width.
  [[nodiscard]] T* matrix(int sequence, int head) { return values_.data() + offset(sequence, head); }
  [[nodiscard]] const T* matrix(int sequence, int head) const {
    return values_.data() + offset(sequence, head);
  }
  [[nodiscard]] T* row(int sequence, int head, int row) {
    return matrix(sequence, head) + static_cast<std::size_t>(row) * static_cast<std::size_t>(width_);
  }
  [[nodiscard]] const T* row(int sequence, int head, int row) const {
    return matrix(sequence, head) + static_cast<std::size_t>(row) * static_cast<std::size_t>(width_);
  }

 private:
  /// Finds where each sequence starts; returns how many elements there are.
  [[nodiscard]] std::size_t placed() {
    std::size_t total = 0;
    for (int rows : rows_) {
      start_.push_back(total);
      total += static_cast<std::size_t>(rows) * static_cast<std::size_t>(heads_) *
               static_cast<std::size_t>(width_);
    }
    return total;
  }
  [[nodiscard]] std::size_t offset(int sequence, int head) const {
    return start_[static_cast<std::size_t>(sequence)] + static_cast<std::size_t>(head) *
                                                            static_cast<std::size_t>(rows(sequence)) *
                                                            static_cast<std::size_t>(width_);
  }
  std::vector<int> rows_;
  int heads_ = 0;
  int width_ = 0;
  std::vector<std::size_t> start_;
  std::vector<T, detail::LeftUnwritten<T>> values_;
};

/// Inputs by logical row, already rounded to the problem's dtype (so a float holds each exactly).
struct LogicalData {
  LogicalTensor<float> q;  ///< h_q heads, d_qk columns
  LogicalTensor<float> k;  ///< h_kv heads, d_qk columns
  LogicalTensor<float> v;  ///< h_kv heads, d_v columns
  // What the backward pass is handed besides; empty in a forward problem.
  LogicalTensor<float> d_o{};  ///< h_q heads, d_v columns
  LogicalTensor<float> o{};    ///< h_q heads, d_v columns: the forward's, rounded to the dtype
  LogicalTensor<float> lse{};  ///< h_q heads, 1 column: the forward's in f32, -inf where a row sees no key
  // Append: K and V above are those of the new tokens, q_len rows, and the table besides; else empty.
  LogicalTensor<float> rope{};  ///< one sequence, one head; row p: cos of dim / 2 pairs, then sin, in f32
};

}  // namespace flashdiff
