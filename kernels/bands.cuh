#pragma once
#include "kernels/params.h"

/// Masks as bands: which columns of a score matrix a row sees, and which tiles of columns matter to rows.
namespace flashdiff::kernels {

struct Range {
  int begin, end;
  /// One comparison; an empty range may have its end before its beginning.
  __device__ bool holds(int x) const {
    return static_cast<unsigned>(x - begin) < static_cast<unsigned>(max(0, end - begin));
  }
};

/// Columns that a row sees whose diagonal (a column) this is; both ends only rise with it.
__device__ inline Range visible(int left, int right, int columns, int diagonal) {
  return {max(0, diagonal - left), max(0, min(columns, diagonal + right + 1))};
}

/// Row y sees columns x with -left <= x - (y + shift) <= right, of `columns` there are.
struct Band {
  int left, right, shift, columns;

  __device__ Range visible(int row) const { return kernels::visible(left, right, columns, row + shift); }
};

/// Rows are queries, columns keys.
__device__ inline Band band_of_queries(const MaskParams& mask, const Sequence& sequence) {
  return {mask.left, mask.right, mask.bottom_right ? sequence.kv_len - sequence.q_len : 0, sequence.kv_len};
}
/// Rows are keys, columns queries: the same band, seen from the other side.
__device__ inline Band band_of_keys(const MaskParams& mask, const Sequence& sequence) {
  return {mask.right, mask.left, mask.bottom_right ? sequence.q_len - sequence.kv_len : 0, sequence.q_len};
}

/// The tiles of kColumns columns that matter to rows [first, first + rows).
template <int kColumns>
struct BandTiles {
  Range seen;   // by any of the rows: the others are passed over
  Range whole;  // by all of them: the others need the mask
  __device__ BandTiles(const Band& band, int first, int rows) {
    if (rows <= 0) {
      seen = whole = {0, 0};
      return;
    }
    const Range top = band.visible(first), bottom = band.visible(first + rows - 1);
    seen = {top.begin / kColumns, (bottom.end + kColumns - 1) / kColumns};
    whole = {(bottom.begin + kColumns - 1) / kColumns, top.end / kColumns};
  }
};

}  // namespace flashdiff::kernels
