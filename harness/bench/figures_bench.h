#pragma once
#include <map>
#include <string>
#include <vector>

#include "harness/figures/source_lines.h"
#include "harness/outcome/outcome.h"

namespace flashdiff {

/// Registers `figures/KERNEL/...`: what the kernels execute, counted by the software driver. No times: each
/// runs once, and its counters are the same on every machine. `main_loop`: instructions a product, bank
/// conflicts, sectors of full tiles; one entry a published shape: work against what was needed, and what
/// bounds the kernel on published GPUs; `ptxas/...`: registers, spills, blocks a multiprocessor. `images`:
/// kernel -> PTX file in place of its own image; ptxas's figures, which are of that one, are then left out.
/// Errors: no software driver.
[[nodiscard]] Outcome<void> register_figures(const std::map<std::string, std::string>& images = {});

/// What the lines of a kernel's source executed on one shape, the hottest first.
struct ShapeLines {
  std::string kernel, shape;  ///< "flash_forward", "d64/seq2048"
  std::uint64_t warp_instructions = 0;
  std::vector<figures::SourceLine> lines;
};
/// Of what `figures/...` entries have counted so far in this program: of each kernel and head dim the shape
/// that executed most instructions.
[[nodiscard]] const std::vector<ShapeLines>& counted_lines();

}  // namespace flashdiff
