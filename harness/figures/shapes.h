#pragma once
#include <string>
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff::figures {

/// A case whose figures are published, under a name that stays the same from night to night.
struct Shape {
  std::string name;  ///< "d64/seq2048_causal"
  Case question;
};

/// Head dims 64 and 128: one sequence of 2,048 queries and keys, with and without a causal mask; and batches
/// of 16 sequences of at most 512, of which 10 to 100 % are filled, padded left and right.
[[nodiscard]] std::vector<Shape> shapes();

/// Two cases of whole tiles, without a mask, that differ in rounds of a forward kernel's main loop alone:
/// `more` has more keys. Tiles of up to 128 queries, and of 32, 64, 96 or 192 keys.
struct MainLoop {
  Case fewer, more;
};
[[nodiscard]] MainLoop main_loop(int d);

/// Lengths of `batch` sequences, the first of them `longest`, that sum up to about `fill` of the rectangle:
/// ragged, none below 1. `fill` is at least 1 / batch.
[[nodiscard]] std::vector<SequenceLengths> lengths_of_fill(int batch, int longest, double fill);

}  // namespace flashdiff::figures
