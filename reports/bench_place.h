#pragma once
#include <optional>
#include <string>

#include "reports/bench_run.h"

namespace flashdiff {

/// What a benchmark goes over, one coordinate at a time, as harness/figures/shapes.cpp and harness/bench name
/// their shapes.
enum class Sweep : unsigned char {
  length,       ///< d64/seq2048, d64/seq2048_causal, reference/2048_keys_d128_causal/forward
  fill,         ///< d64/fill25_left: per cent of the rectangle
  heads,        ///< d128/gqa4: query heads a K/V head
  decode,       ///< d128/batch4_seq1024: keys of a cache
  decode_heads  ///< d128/decode_gqa4
};

/// Where an entry stands in a sweep.
struct BenchPlace {
  std::string how;      ///< "figures", "gpu", or "cpu" for what is timed on a processor
  std::string backend;  ///< "flash_forward", "cudnn", "reference"
  Sweep sweep{};
  double x = 0;
  int head_dim = 0;
  int batch = 0;        ///< of `decode`
  std::string variant;  ///< "causal", "left", "right", or nothing
  bool is_backward = false;
};

/// Nothing for an entry that is on no sweep: a main loop, ptxas's figures, one shape alone.
[[nodiscard]] std::optional<BenchPlace> place_of(const BenchEntry& entry);

/// What is measured, without who and how: "d64/seq2048", "64_keys_d32/forward".
[[nodiscard]] std::string shape_of(const BenchEntry& entry);

/// Where a report tells what is behind an entry: "behind-figures-flash_forward-d64-seq2048".
[[nodiscard]] std::string anchor_of(const BenchEntry& entry);

}  // namespace flashdiff
