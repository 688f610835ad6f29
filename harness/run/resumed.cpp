#include "harness/run/resumed.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace flashdiff {

void Resumed::add(const CaseRecord& record) {
  if (record.shrunk_from) {
    ++shrunk_[record.backend];
    as_drawn_.erase(*record.shrunk_from);
    return;
  }
  std::vector<bool>& executed = executed_[record.backend];
  if (record.index >= executed.size()) executed.resize(record.index + 1);
  executed[record.index] = true;
  if (is_failure(record.verdict)) as_drawn_.emplace(record.id, record);
}

bool Resumed::executed(const std::string& backend, std::uint64_t index) const {
  const auto found = executed_.find(backend);
  return found != executed_.end() && index < found->second.size() && found->second[index];
}

Outcome<std::optional<Unfinished>> latest_unfinished(
    const Store& store, const std::function<bool(const std::string& plan)>& is_mine) {
  const auto runs = store.runs();
  const auto plans = store.kept(kept_plans), writers = store.kept(kept_writers);
  if (!runs) return tl::unexpected<Error>(runs.error());
  for (const auto* kept : {&plans, &writers})
    if (!*kept) return tl::unexpected<Error>(kept->error());
  for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
    const auto plan = plans->find(std::to_string(run->id));
    if (run->finished || plan == plans->end() || !is_mine(plan->second)) continue;
    const auto writer = writers->find(plan->first);
    return Unfinished{run->id, plan->second, writer == writers->end() ? "" : writer->second};
  }
  return std::optional<Unfinished>();
}

std::string this_writer() {
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, HOST_NAME_MAX);
  return fmt::format("{} {}", host, getpid());
}

bool still_writes(const std::string& writer) {
  std::istringstream words(writer), mine(this_writer());
  std::string host, here;
  pid_t pid = 0;
  mine >> here;
  if (!(words >> host >> pid) || host != here || pid == getpid()) return false;
  return kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace flashdiff
