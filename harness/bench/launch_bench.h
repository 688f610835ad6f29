#pragma once

namespace flashdiff {

/// softcuda/launch/...: what a launch costs beside its instructions.
void register_launch_benchmarks();

}  // namespace flashdiff
