#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// A slot of a row's cache, as the page draws it.
struct GenerationSlot {
  bool token = false;   ///< else padding
  bool seen = false;    ///< by the query
  bool wanted = false;  ///< it should have been
};

/// Padding side, stage and convention: safe or not, and why.
struct GenerationCell {
  std::string side, stage;            ///< "left", "prefill"
  std::string verdict;                ///< safe, differs, wrong, not-run
  std::string words;                  ///< one sentence
  std::string call;                   ///< backend and case line of the step that the words are of
  std::vector<GenerationSlot> slots;  ///< of the row where it went wrong first; else empty
};

struct GenerationConvention {
  std::string name, who, instead;
  std::vector<GenerationCell> cells;  ///< by side, then by stage
};

/// What `flashdiff generate --json FILE` wrote.
struct GenerationTable {
  std::string what;     ///< prompts, steps and who computed, in a line
  std::string command;  ///< that makes the table again; empty in files of before 2026-12
  std::vector<std::string> sides, stages;
  std::vector<GenerationConvention> conventions;
};

/// Errors: bad_input for a file that cannot be read or is not of that format.
[[nodiscard]] Outcome<GenerationTable> read_generation(const std::filesystem::path& file);

}  // namespace flashdiff
