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
#include "harness/run/shard.h"

namespace flashdiff::cli {

/// `flashdiff check`, as the user's words.
struct CheckOptions {
  std::optional<std::uint64_t> cases;  ///< none: see add_check_options
  double seconds = 0;                  ///< 0: no limit
  std::optional<std::uint64_t> seed;
  std::string pass;  ///< empty: see asked_pass.h
  std::vector<std::string> layouts, dtypes, masks, data;
  std::vector<int> pages;
  int largest_head_dim = 0;  ///< 0: the usual
  std::string activations;
  std::string corpus;  ///< empty: the program's own; "none"; else a file or a folder
  SubjectWords subject;
  std::filesystem::path store;
  bool resume = false;
  std::string shard;  ///< "2/4"; empty: what the environment says, see shard.h
  int jobs = 0;
  double timeout_seconds = 60;
  std::uint64_t memory = 0;       ///< bytes that a worker may have; 0: however many
  std::string relations = "one";  ///< tried of what passes: one, all, none
  bool classify = false;
  TerminalWords terminal;
};

void add_check_options(CLI::App& command, CheckOptions& options);

/// What --shard says, else the environment. Errors: those of shard.h.
[[nodiscard]] Outcome<Shard> shard_asked(const CheckOptions& options);

/// What is checked: the cases, how many (none: until time is up), and in words.
struct Cases {
  std::unique_ptr<CaseSource> source;
  std::optional<std::uint64_t> count;
  std::uint64_t seed = 0;
  std::string words;                                            ///< "500 random cases, seed 7"
  Shard shard;                                                  ///< of them, those that are executed here
  [[nodiscard]] std::optional<std::uint64_t> executed() const;  ///< of `count`
};
/// Of asked_pass(). Errors: those of the capture.
[[nodiscard]] Outcome<Cases> cases_of(const CheckOptions& options, Pass pass);

}  // namespace flashdiff::cli
