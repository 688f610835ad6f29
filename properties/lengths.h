#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/problem.h"
#include "properties/axis.h"

namespace flashdiff {

// Row counts of one sequence. The tile is 64 everywhere here: the usual one, and what kv residues are taken
// of.
[[nodiscard]] rc::Gen<int> near_a_tile_edge();       ///< 64 n + {-1, 0, 1}, up to four tiles
[[nodiscard]] rc::Gen<int> sixty_four_modulo_128();  ///< half of a tile of 128 (PT#196678, cF#1072)
[[nodiscard]] rc::Gen<int> few_rows();               ///< 2 to 16
[[nodiscard]] rc::Gen<int> any_rows();  ///< all of these, 0, 1, ordinary numbers and, rarely, some hundreds

// Lengths of a whole batch of 1 to 8 sequences.
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> prefill_lengths();
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> chunked_lengths();
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> decode_lengths();
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> few_new_tokens_lengths();  ///< 0 to 16 at the end of keys
/// A cache of any length, often of many tiles, and up to `most` new tokens; seldom more tokens than keys.
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> decoding_lengths(int most);
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> cross_lengths();  ///< q_len and kv_len unrelated
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>>
one_long_many_short();  ///< the rest much shorter than the longest
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> any_lengths();

[[nodiscard]] std::vector<Axis> length_axes();

}  // namespace flashdiff
