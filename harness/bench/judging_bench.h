#pragma once

namespace flashdiff {

/// `judging/BACKEND/random_cases`: what judging the cases of a run costs beside the reference alone, and
/// beside the kernel on the software driver.
void register_judging_benchmarks();

}  // namespace flashdiff
