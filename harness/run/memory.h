#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include <sys/types.h>

namespace flashdiff {

/// How many processes of this process's control group were killed for memory so far, by what the kernel says
/// (cgroup v2: oom_kill in memory.events; v1: in memory.oom_control). Nothing where it does not say. The
/// arguments are for tests: where it is asked.
[[nodiscard]] std::optional<std::int64_t> out_of_memory_kills(
    const std::filesystem::path& membership = "/proc/self/cgroup",
    const std::filesystem::path& groups = "/sys/fs/cgroup");

/// Bytes of memory that a process has at this moment (resident, of its own or shared): what a driver only
/// reserves does not count. 0 where there is no such process.
[[nodiscard]] std::uint64_t resident_bytes(pid_t process);

}  // namespace flashdiff
