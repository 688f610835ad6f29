#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "harness/run/record.h"
#include "harness/score/score.h"
#include "reports/model.h"

namespace flashdiff {

/// What the stores hold, in the order in which it was written.
struct Told {
  std::vector<RunContext> runs;
  std::vector<CaseRecord> records;         ///< ids are unique: see read.h
  bool finished = true;                    ///< every run came to its end
  std::vector<bool> ended;                 ///< which of them did; empty: all or none, see `finished`
  std::vector<power::Hunted> hunted;       ///< planted bugs that `flashdiff power` has hunted to the end
  std::map<std::string, Crossed> crossed;  ///< who agrees with whom about a case, by its line
  std::vector<power::Sound> sound;         ///< and the kernels as they are, on the same cases
};

/// Counts cases one by one, and keeps those that a report tells: memory does not grow with the cases.
class Summary {
 public:
  /// `shrunk`: ids of all failures that a smaller case will come of.
  explicit Summary(std::unordered_set<std::int64_t> shrunk);
  Summary(Summary&&) noexcept;
  ~Summary();

  /// `run`: index into Told::runs.
  void add(CaseRecord record, std::size_t run = 0);
  /// Sorts and concludes, from what was added and what stands beside the cases; told.records are not read.
  [[nodiscard]] Report report(Told told, ReportOptions options) &&;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The report of told.records; pure.
[[nodiscard]] Report summarise(Told told, ReportOptions options = {});

/// Which findings to tell where there is room for `most`: the first of every kind of every backend, then the
/// others, in the order of report.findings.
[[nodiscard]] std::vector<std::size_t> foremost(const Report& report, std::size_t most);

namespace detail {

[[nodiscard]] std::vector<Finding> findings_of(const Report& report);
/// Sets conclusion and why from everything else.
void conclude(Report& report, bool finished);

}  // namespace detail

}  // namespace flashdiff
