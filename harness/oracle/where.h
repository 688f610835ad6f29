#pragma once
#include <string>

#include "harness/oracle/deviations.h"
#include "harness/problem/case.h"

namespace flashdiff::detail {

/// Where the wrong elements sit, in words: tensors, sequences, heads, rows, columns, each named by the
/// simplest pattern of the case's known structure (lengths and their residues modulo the kernel's tile,
/// padding, mask, groups of heads; of an append positions and pages) that fits. Says so where none does.
/// Something must be wrong.
[[nodiscard]] std::string where_wrong(const Case& c, int kv_tile, const Deviations& found);

}  // namespace flashdiff::detail
