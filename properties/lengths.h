#pragma once
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/problem.h"
#include "properties/axis.h"
#include "properties/features.h"

namespace flashdiff {

// Row counts of one sequence. The tile is 64 everywhere here: the usual one, and what kv residues are taken
// of.
[[nodiscard]] rc::Gen<int> near_a_tile_edge();       ///< 64 n + {-1, 0, 1}, up to four tiles
[[nodiscard]] rc::Gen<int> sixty_four_modulo_128();  ///< half of a tile of 128 (PT#196678, cF#1072)
[[nodiscard]] rc::Gen<int> few_rows();               ///< 2 to 16
[[nodiscard]] rc::Gen<int> any_rows();  ///< all of these, 0, 1, ordinary numbers and, rarely, some hundreds

// One sequence, by its phase (phase_of).
[[nodiscard]] rc::Gen<SequenceLengths> prefill_lengths();
[[nodiscard]] rc::Gen<SequenceLengths> chunked_lengths();
[[nodiscard]] rc::Gen<SequenceLengths> decode_lengths();
[[nodiscard]] rc::Gen<SequenceLengths> few_new_tokens_lengths();  ///< 0 to 16 at the end of keys
/// A cache of any length, often of many tiles, and up to `most` new tokens; seldom more tokens than keys.
[[nodiscard]] rc::Gen<SequenceLengths> decoding_lengths(int most);
[[nodiscard]] rc::Gen<SequenceLengths> cross_lengths();  ///< q_len and kv_len unrelated

// Lengths of a whole batch of 1 to 8 sequences.
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>>
one_long_many_short();  ///< the rest much shorter than the longest
/// Mostly of one of the phases, with at most so many queries as the options say.
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> any_lengths(const CaseOptions& options);

/// One long cache among so many empty and short ones, a server's free slots, that the batch fills a GPU
/// without splits: a decode kernel then has hundreds of keys a split, and more pages of 16 than a warp has
/// lanes, at the cost of one long sequence.
[[nodiscard]] rc::Gen<std::vector<SequenceLengths>> crowd(int kv_heads);

[[nodiscard]] std::vector<Axis> length_axes();

}  // namespace flashdiff
