#pragma once
#include <functional>
#include <string>
#include <vector>

namespace flashdiff {

/// `worker/KERNEL/one_key`: what it costs to have a case examined in a process of its own, which is kept
/// between cases, over examining it here. `command_of`: the command of a worker of a kernel, as run/worker.h
/// wants it.
void register_worker_benchmarks(
    const std::function<std::vector<std::string>(const std::string& kernel)>& command_of);

}  // namespace flashdiff
