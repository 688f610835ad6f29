#pragma once
#include <cstdint>

#include "harness/softcuda/isa/warp.h"

/// Instructions that lanes execute together: *.sync.
namespace softcuda::isa {

/// Whether the active lanes may execute: every live member of each one's mask, in row `mask_row`, is here. If
/// not, the warp is told to wait: at the start of this instruction's block, `back` ops away. Masks may differ
/// between lanes (tiles of a warp that each run their own shuffle).
[[nodiscard]] bool members_are_here(Warp&, const Op*, std::uint32_t mask_row, std::int64_t back);

/// The same for instructions without a mask (mma, ldmatrix): "all threads in the warp must execute the same".
[[nodiscard]] bool warp_is_here(Warp&, const Op*, std::int64_t back);

}  // namespace softcuda::isa
