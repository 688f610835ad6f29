#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/record.h"
#include "harness/run/store.h"

namespace flashdiff {

/// Kinds of what a store keeps of a check, by the run's row: what decides which cases it draws and who
/// answers them, as JSON; and which process writes it, "HOST PID".
inline constexpr const char* kept_plans = "check.plan";
inline constexpr const char* kept_writers = "check.writer";

/// What a store has of a run that is gone on with.
class Resumed {
 public:
  /// Counts a record of the run in, in the order of storing.
  void add(const CaseRecord& record);

  [[nodiscard]] bool executed(const std::string& backend, std::uint64_t index) const;
  /// Failures of a backend that were made smaller.
  [[nodiscard]] const std::map<std::string, int>& shrunk() const { return shrunk_; }
  /// Failures that nobody has made smaller, in order: the kill may have come in between.
  [[nodiscard]] const std::map<std::int64_t, CaseRecord>& as_drawn() const { return as_drawn_; }

 private:
  std::map<std::string, std::vector<bool>> executed_;
  std::map<std::string, int> shrunk_;
  std::map<std::int64_t, CaseRecord> as_drawn_;
};

/// The latest run of the store that did not come to its end and has a plan that `is_mine`; its row, nothing
/// where there is none.
struct Unfinished {
  std::int64_t run = 0;
  std::string plan;
  std::string writer;  ///< "HOST PID" of who wrote it last; empty: unknown
};
[[nodiscard]] Outcome<std::optional<Unfinished>> latest_unfinished(
    const Store& store, const std::function<bool(const std::string& plan)>& is_mine);

/// This process, as a store names a run's writer.
[[nodiscard]] std::string this_writer();
/// Whether a writer is a process of this machine that still runs.
[[nodiscard]] bool still_writes(const std::string& writer);

}  // namespace flashdiff
