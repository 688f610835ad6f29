#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "harness/cli/check_options.h"
#include "harness/run/resumed.h"
#include "harness/run/shard.h"

namespace flashdiff::cli {

/// What decides which cases a check draws and who answers them, as JSON: two checks with equal plans execute
/// the same cases with the same program. How long, by how many workers and where to is no part of it.
/// Images are known by their paths.
[[nodiscard]] std::string plan_of(const CheckOptions& options, const Subject& subject, const Shard& shard,
                                  std::optional<std::uint64_t> seed);
/// The plan's seed.
[[nodiscard]] std::uint64_t seed_in(const std::string& plan);

/// The run of the store that `--resume` goes on with: the latest unfinished one of the same plan; where no
/// seed was given, of any seed. Errors (bad_input): there is none, and why; another process still writes it.
[[nodiscard]] Outcome<Unfinished> to_go_on_with(const Store& store, const CheckOptions& options,
                                                const Subject& subject, const Shard& shard);

}  // namespace flashdiff::cli
