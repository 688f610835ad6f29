#pragma once
#include <cstdint>
#include <vector>

#include "harness/softcuda/exec/draft.h"
#include "harness/softcuda/exec/liveness.h"
#include "harness/softcuda/exec/rows.h"

namespace softcuda::exec {

/// Where each row lies behind a Warp's head.
struct RegisterFile {
  std::vector<std::uint32_t> offset;                                ///< by row
  std::vector<std::pair<std::uint32_t, int>> unwritten_at_entry;    ///< see Program
  std::vector<std::pair<std::uint32_t, std::uint32_t>> predicates;  ///< see Program
  std::uint32_t spare = 0;                                          ///< see Program
  std::uint32_t bytes = 0;                                          ///< head and rows, a multiple of 64
  std::uint32_t registers_begin = 0, registers_end = 0;  ///< bytes that the kernel's registers take
  std::uint32_t registers = 0;                           ///< 32-bit registers of a thread
};

/// Registers that do not live at the same time share rows (linear scan: Poletto and Sarkar, 1999), so that a
/// warp's file stays in the first-level cache: compilers leave thousands of virtual registers in PTX.
/// Constants and special registers keep rows of their own for the whole launch.
[[nodiscard]] RegisterFile place_rows(const Rows&, const std::vector<Draft>&, const std::vector<DraftBlock>&);

}  // namespace softcuda::exec
