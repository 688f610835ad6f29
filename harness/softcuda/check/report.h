#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/softcuda/check/fault.h"

namespace softcuda::check {

/// What is told of a mistake, however often it was made: repeats at one place are one report with a count.
/// The same for every number of host threads.
struct Report {
  FaultKind kind = FaultKind::trap;
  bool stopped = false;     ///< it ended its launch; others do not change what a launch computes
  std::uint64_t count = 1;  ///< times seen, over all lanes, warps and blocks
  std::string kernel;
  std::string file;  ///< CUDA source, as .loc says it; empty where the module has no lines
  int line = 0;
  std::string other_file;  ///< of a race: where the other side stands
  int other_line = 0;
  std::string what;  ///< one line: kind, address or registers, kernel, source, block, warp, lanes
  std::string text;  ///< several lines, `what` first: both sides, allocation or tensor element, PTX, inlining
};

}  // namespace softcuda::check
