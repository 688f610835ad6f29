#pragma once
#include "harness/outcome/outcome.h"
#include "harness/problem/logical.h"

namespace flashdiff::detail {

/// Family `file`: the rows of the capture's texts `data_rows`, first heads and columns, rounded to the dtype.
/// A sequence shorter than its text takes the first kv_len keys and the queries that stand last before their
/// end, as decoding with a cache does. Errors (bad_input): the capture cannot be read, or has less than
/// asked.
[[nodiscard]] Outcome<LogicalData> rows_of_file(const Problem& problem);

}  // namespace flashdiff::detail
