#pragma once
#include <bit>
#include <cstdint>

#include "harness/softcuda/isa/entry.h"

/// Handlers that the decoder puts in by itself: ends of blocks, guards, and what specials need.
///
/// At the end of each block Op::extra PTX instructions are taken off the warp's turn, and the block's
/// execution is counted, from which follows all that is counted of instructions; Op::imm is the distance to
/// the target, in ops.
namespace softcuda::isa {

/// Goes to the target; also the end of a block that runs into the next one.
[[nodiscard]] Handlers jump();
/// Lanes whose predicate (rows[0]) is set, or clear, go to the target, the others to the next op.
[[nodiscard]] Handlers branch_if();
[[nodiscard]] Handlers branch_unless();
/// Lanes whose index (rows[0], u32) is rows[1]'s number (no row: the number itself) go to the target.
[[nodiscard]] Handlers branch_on_index();
/// Runs the next op for the lanes whose predicate (rows[0]) is set, or clear, and goes on behind it: Op::imm
/// is the distance to there.
[[nodiscard]] Handlers guard_if();
[[nodiscard]] Handlers guard_unless();
/// Whether the op ends its lanes at once (ret, exit).
[[nodiscard]] bool ends_lanes(const Op*);

/// The op ends a block: its rows[7] is the block's number in Warp::blocks, 0 where another op has counted it
/// already (of the comparisons that an indexed branch is made of, the first); rows[6] the number for
/// divergences, 0 where the branch is none of the program's own.
inline void put_block(Op& op, std::uint32_t number, std::uint32_t number_of_branch) {
  op.rows[7] = number;
  op.rows[6] = number_of_branch;
}
/// `lanes` have come to the end of a block.
inline void count_block(const Warp& w, const Op* end, std::uint32_t lanes) {
  count::BlockCount& block = w.blocks[end->rows[7]];
  ++block.executions;
  block.lanes += static_cast<std::uint64_t>(std::popcount(lanes));
}
/// %clock, %clock64, %globaltimer and their halves: the u64 row rows[0] gets the instructions that the warp
/// has issued, a cycle and a nanosecond each, and the nanoseconds that it has slept.
[[nodiscard]] Handlers read_clock();
/// What such an op has to know: how many instructions stand before it in its block; `high`: it wants the
/// upper 32 bits.
void set_clock_read(Op&, std::uint32_t position, bool high);

}  // namespace softcuda::isa
