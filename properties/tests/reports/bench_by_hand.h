#pragma once
#include <string>
#include <vector>

#include "reports/bench_run.h"

namespace flashdiff::test {

/// What `flashdiff bench -o FILE` could have written, made by hand: every sweep, counted, on a GPU and on a
/// processor, in five repetitions where it is timed; main loops, an append, a shape that failed, source
/// lines, peaks. `slower`: 1.1 is 10 % slower and 10 % more instructions.
[[nodiscard]] std::string bench_json_by_hand(const std::string& date, double slower = 1);

/// Two of them, a week apart.
[[nodiscard]] std::vector<BenchRun> bench_runs_by_hand();

}  // namespace flashdiff::test
