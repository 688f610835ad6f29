#pragma once
#include <atomic>
#include <filesystem>

#include "harness/cli/bench_run.h"
#include "harness/cli/exit_code.h"

namespace flashdiff::cli {

/// Times this program against `base`, another build of flashdiff, so that `compare` may: in every round,
/// options.repetitions of them (10 where it is 0), the base, this one, and the base once more, each a process
/// of its own, and in the next round the other way round. What a machine does meanwhile, and where a process
/// happens to lie in memory, is then in both. Writes options.out, and beside it NAME.base.json and
/// NAME.again.json. Errors: bad_input where `base` is no such program, no --out.
[[nodiscard]] Outcome<ExitCode> bench_against(const std::filesystem::path& base, const BenchOptions& options,
                                              const std::atomic<bool>& stop);

}  // namespace flashdiff::cli
