#pragma once
#include <vector>

#include "harness/run/record.h"
#include "harness/score/score.h"
#include "reports/model.h"

namespace flashdiff {

/// What the stores hold, in the order in which it was written.
struct Told {
  std::vector<RunContext> runs;
  std::vector<CaseRecord> records;    ///< ids are unique: see read.h
  bool finished = true;               ///< every run came to its end
  std::vector<power::Hunted> hunted;  ///< planted bugs that `flashdiff power` has hunted to the end
  std::vector<power::Sound> sound;    ///< and the kernels as they are, on the same cases
};

/// Sorts, counts and concludes; pure, and the only place where a report's numbers are made.
[[nodiscard]] Report summarise(Told told, ReportOptions options = {});

/// Which findings to tell where there is room for `most`: the first of every kind of every backend, then the
/// others, in the order of report.findings.
[[nodiscard]] std::vector<std::size_t> foremost(const Report& report, std::size_t most);

namespace detail {

[[nodiscard]] std::vector<Finding> findings_of(const Report& report);
[[nodiscard]] std::vector<BackendSummary> backends_of(const Report& report);
/// layout x mask and phase x dtype of every backend in report.backends.
[[nodiscard]] std::vector<Matrix> matrices_of(const Report& report);
[[nodiscard]] std::vector<Matrix> captures_of(const Report& report);
[[nodiscard]] std::vector<ClassAxis> classes_of(const Report& report);
[[nodiscard]] std::vector<SharedClass> shared_by_failures(const Report& report, const std::string& backend);
/// Sets conclusion and why from everything else.
void conclude(Report& report, bool finished);

}  // namespace detail

}  // namespace flashdiff
