#pragma once
#include "harness/lint/array_reader.h"
#include "harness/lint/bit_mask.h"

namespace flashdiff::lint {

/// The largest mask that is read, in entries: its bits take 512 MiB.
inline constexpr std::int64_t most_entries = std::int64_t{1} << 32;

/// A mask [batch, seq] of 0 and 1, read piecewise. Errors: other dimensions; another value, and where; the
/// values of an additive bias are recognised and said to be such.
[[nodiscard]] Outcome<BitMask> read_mask(ArrayReader& array);

}  // namespace flashdiff::lint
