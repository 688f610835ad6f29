#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace flashdiff::kernels {

/// What ptxas gave one entry on one architecture (`-Xptxas -v`): spills are the first thing that a kernel's
/// author looks at.
struct PtxasRow {
  std::string entry;
  std::string architecture;  ///< "sm_80"
  int registers = 0;
  int spill_store_bytes = 0, spill_load_bytes = 0;
  int stack_bytes = 0;
  int shared_bytes = 0;  ///< static
};

/// Reads ptxas's output, of any number of compilations one after the other. Lines that it does not know are
/// passed over: they are remarks (unused variables, timings) around the ones that carry figures.
[[nodiscard]] std::vector<PtxasRow> parse_ptxas(std::string_view text);

}  // namespace flashdiff::kernels
