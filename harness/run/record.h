#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/oracle/verdict.h"

namespace flashdiff {

/// One executed case, as the store keeps it.
struct CaseRecord {
  std::int64_t id = 0;      ///< row in the store, 0 before it is stored
  std::uint64_t index = 0;  ///< number of the draw in its run; a shrunk case has its failure's
  std::string line;         ///< the repro line
  std::string backend;
  std::string device;  ///< "softcuda sm_80", "NVIDIA H200", "cpu"
  std::string
      repro_options;  ///< what `repro` is told besides the line to run it as here: "--image k=mine.ptx"
  Verdict verdict;
  double device_ms = 0, reference_ms = 0;
  std::vector<std::string>
      labels;  ///< classes of the case, "layout:left", "phase:decode", ... see properties
  std::optional<std::int64_t> shrunk_from;  ///< id of the failure that this one was shrunk from
  int shrink_steps = 0;                     ///< executions that the shrinking took
};

/// What the label of a relation that was tried of a case begins with; behind it its name (DESIGN, The oracle,
/// rule 5).
inline constexpr const char* relation_label = "relation:";
/// Their names, in the order in which they were tried: where one failed, the last.
[[nodiscard]] std::vector<std::string> relations_of(const CaseRecord& record);

/// Where and on what a run was made; printed first in every report.
struct RunContext {
  std::string flashdiff_version, commit, host, cpu, os, compiler, nvcc, device, driver, command_line,
      started_utc;
  std::uint64_t seed = 0;
};

}  // namespace flashdiff
