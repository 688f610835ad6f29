#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/subject.h"
#include "harness/cli/terminal.h"
#include "harness/run/case_source.h"

namespace flashdiff::cli {

/// `flashdiff check`, as the user's words.
struct CheckOptions {
  std::optional<std::uint64_t> cases;  ///< none: see add_check_options
  double seconds = 0;                  ///< 0: no limit
  std::optional<std::uint64_t> seed;
  std::vector<std::string> layouts, dtypes, masks, data;
  std::vector<int> pages;
  std::string activations;
  SubjectWords subject;
  std::filesystem::path store;
  int jobs = 0;
  double timeout_seconds = 60;
  bool classify = false;
  TerminalWords terminal;
};

void add_check_options(CLI::App& command, CheckOptions& options);

/// What is checked: the cases, how many (none: until time is up), and in words.
struct Cases {
  std::unique_ptr<CaseSource> source;
  std::optional<std::uint64_t> count;
  std::uint64_t seed = 0;
  std::string words;  ///< "500 random cases, seed 7"
};
/// Errors: those of the capture.
[[nodiscard]] Outcome<Cases> cases_of(const CheckOptions& options);

}  // namespace flashdiff::cli
