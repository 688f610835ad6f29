#include "harness/run/memory.h"

#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace flashdiff {
namespace {

namespace fs = std::filesystem;

/// The file with the count, of a line "4:memory:/group" (v1) or "0::/group" (v2) of /proc/self/cgroup.
std::optional<fs::path> counting_file(const std::string& line, const fs::path& groups) {
  const auto first = line.find(':'), second = line.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const fs::path group = fs::path(line.substr(second + 1)).relative_path();
  if (controllers.empty()) return groups / group / "memory.events";
  if ((',' + controllers + ',').find(",memory,") != std::string::npos)
    return groups / "memory" / group / "memory.oom_control";
  return std::nullopt;
}

std::optional<std::int64_t> count_in(const fs::path& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    std::int64_t count = 0;
    if (words >> word >> count && word == "oom_kill") return count;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> out_of_memory_kills(const fs::path& membership, const fs::path& groups) {
  std::ifstream in(membership);
  for (std::string line; std::getline(in, line);)
    if (const auto file = counting_file(line, groups))
      if (const auto count = count_in(*file)) return count;
  return std::nullopt;
}

std::uint64_t resident_bytes(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/statm", process));
  std::uint64_t size = 0, resident = 0;
  return in >> size >> resident ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace flashdiff
