#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "harness/cli/exit_code.h"
#include "harness/run/store.h"

namespace flashdiff::cli {

/// What became of a step of a night.
struct StepEnd {
  ExitCode code = as_expected;
  std::string words;  ///< "1,204 cases judged, 0 failed"
};

/// A night as its store keeps it beside the runs, replaced after each step: `--resume` goes on from it.
struct NightRecord {
  std::string started_utc;     ///< its name
  std::string profile;         ///< Profile::text
  std::string commit, writer;  ///< who writes it: this_writer()
  std::uint64_t seed = 0;      ///< of checks that name none: the date, 20261129
  std::map<std::string, StepEnd> ended;
  bool finished = false;
};

[[nodiscard]] Outcome<void> keep(Store& store, const NightRecord& night);
/// The latest night of the store that has not come to its end. Errors: those of reading.
[[nodiscard]] Outcome<std::optional<NightRecord>> unfinished_night(const Store& store);

}  // namespace flashdiff::cli
