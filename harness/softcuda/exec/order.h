#pragma once
#include <vector>

namespace softcuda::exec {

/// A control-flow graph: successors by block, block 0 the entry.
using Graph = std::vector<std::vector<int>>;

/// The blocks that the entry reaches, in the order of their ranks: predecessors before successors, but for
/// the edges that close loops; each loop in one piece, its head first; otherwise as in the program. A warp
/// whose groups run lowest rank first reconverges at the earliest point where all paths meet (thread
/// frontiers: Diamos et al., "SIMD Re-Convergence at Thread Frontiers", MICRO 2011). The nesting is a weak
/// topological order (Bourdoncle, "Efficient chaotic iteration strategies with widenings", 1993), which
/// exists for irreducible graphs too.
[[nodiscard]] std::vector<int> rank_order(const Graph&);

}  // namespace softcuda::exec
