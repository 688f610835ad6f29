#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/check_options.h"
#include "harness/generation/scenario.h"

namespace flashdiff::cli {

/// Planted bugs of a night.
struct HuntAsked {
  bool all = false;  ///< else the tenth that every `./run test` hunts
  std::uint64_t cases = 300;
  bool other_rules = true;
};
/// What a night measures.
struct MeasureAsked {
  bool golden = true;    ///< hold what is counted to kernels/golden
  std::string figures;   ///< regular expression of what is counted; empty: all
  std::string times;     ///< and of what is timed; empty: nothing
  int repetitions = 10;  ///< of what is timed
};

/// Which padding side is safe, as `flashdiff generate` measures it.
struct GenerationAsked {
  int steps = generation::Settings{}.steps;
};
/// What cuDNN supports, where it is there.
struct SupportAsked {
  std::vector<std::string> gpus;  ///< names of profiles, "sm_90"
};

/// What a night does, read from a TOML file. Steps that it does not name are left out. Paths are from the
/// repository's root.
struct Profile {
  std::string title;
  std::string device = "auto";       ///< of checks that name none
  std::filesystem::path corpus;      ///< folder of *.cases; empty: none
  std::vector<CheckOptions> checks;  ///< a table [[check]] each: options of `flashdiff check`, by their names
  std::optional<HuntAsked> power;
  std::optional<MeasureAsked> bench;
  std::optional<GenerationAsked> generation;
  std::optional<SupportAsked> support;
  /// All of it, for `--resume`: two nights with equal texts do the same.
  std::string text;
};

/// `device`: instead of the file's, where not empty. Errors (bad_input): no such file, no TOML, an unknown
/// key or a value that is none, by file and name, with what was expected.
[[nodiscard]] Outcome<Profile> read_profile(const std::filesystem::path& file,
                                            const std::string& device = {});

/// A profile in small, to try it out: no check takes longer than `seconds`, a tenth of the planted bugs is
/// hunted, times are taken once.
[[nodiscard]] Profile in_small(Profile profile, double seconds);

}  // namespace flashdiff::cli
