#pragma once
#include <cstdint>
#include <vector>

#include "harness/softcuda/exec/draft.h"
#include "harness/softcuda/exec/rows.h"

namespace softcuda::exec {

/// Where each row lies behind a Warp's head.
struct RegisterFile {
  std::vector<std::uint32_t> offset;  ///< by row
  std::uint32_t bytes = 0;            ///< head and rows, a multiple of 64
  std::uint32_t registers = 0;        ///< 32-bit registers of a thread
};

/// A block of drafts, for the analysis of lives.
struct DraftBlock {
  std::size_t first = 0, last = 0;  ///< drafts [first, last)
  std::vector<int> successors;      ///< blocks
};

[[nodiscard]] RegisterFile place_rows(const Rows&, const std::vector<Draft>&, const std::vector<DraftBlock>&);

}  // namespace softcuda::exec
