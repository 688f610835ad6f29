#pragma once
#include "harness/lint/array_reader.h"
#include "harness/lint/bit_mask.h"

namespace flashdiff::lint {

/// The largest mask that is read: rows of all tensors together are counted in 32 bits, its bits take 256 MiB.
inline constexpr std::int64_t most_entries = (std::int64_t{1} << 31) - 1;
inline constexpr std::int64_t most_rows = std::int64_t{1} << 24;

/// A mask [batch, seq] of 0 and 1, read piecewise. Errors: other dimensions; another value, and where; the
/// values of an additive bias are recognised and said to be such.
[[nodiscard]] Outcome<BitMask> read_mask(ArrayReader& array);

}  // namespace flashdiff::lint
