#pragma once
#include "harness/softcuda/exec/grid.h"
#include "harness/softcuda/exec/launch.h"

namespace softcuda::exec {

/// Runs a launch whose blocks wait for each other (cudaLaunchCooperativeKernel, grid.sync): all of them are
/// resident and take turns on one host thread, in the order that the settings say, so that results are the
/// same on every machine. The first fault ends the launch. Blocks that all wait for what none of them will
/// do are a deadlock.
[[nodiscard]] GridResult run_cooperative(const Launch&);

}  // namespace softcuda::exec
