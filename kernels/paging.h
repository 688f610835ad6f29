#pragma once
#include <cstdint>

namespace flashdiff::kernels {

/// K and V in pages: the row first_row + key of a sequence is row % rows of page table[sequence][row / rows].
/// The views' batch_stride goes from page to page then.
struct Paging {
  std::uint64_t table = 0;  ///< device address of int32 [sequence][columns]
  std::int32_t columns = 0;
  std::int32_t rows = 0;      ///< of a page; 0: no pages
  std::uint32_t inverse = 0;  ///< 2^32 / rows, rounded up: x / rows = x * inverse / 2^32 below 2^24
};

}  // namespace flashdiff::kernels
