#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// A part of a run that several machines share: the cases whose index is number - 1 modulo `of`. Indices stay
/// what they are in the whole run, so that the parts' cases together are the whole run's.
struct Shard {
  std::uint64_t number = 1, of = 1;
  [[nodiscard]] bool has(std::uint64_t index) const { return index % of == number - 1; }
  bool operator==(const Shard&) const = default;
};
/// "2/4".
[[nodiscard]] std::string in_words(const Shard& shard);
/// The reverse. Errors (bad_input): anything else, 0, more than there are.
[[nodiscard]] Outcome<Shard> shard_named(const std::string& word);

/// What who started this process says of it; nothing where it is on its own. In this order:
/// GTEST_TOTAL_SHARDS and GTEST_SHARD_INDEX (from 0; GoogleTest, "Distributing Test Functions to Multiple
/// Machines"); SLURM_ARRAY_TASK_ID with _COUNT, _MIN and _STEP (sbatch --array); JOB_COMPLETION_INDEX (from
/// 0) of a Kubernetes Indexed Job, which does not tell how many there are, with FLASHDIFF_SHARDS, which does.
/// Errors (bad_input): one without the other, numbers that do not fit.
using Environment = std::function<std::optional<std::string>(const char*)>;
[[nodiscard]] Outcome<std::optional<Shard>> shard_of(const Environment& environment);

}  // namespace flashdiff
