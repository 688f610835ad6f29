#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// A planted bug: one find-and-replace on a kernel's source.
struct Mutant {
  std::string name;    ///< of its file, without .toml
  std::string title;   ///< what is wrong, for people
  std::string kernel;  ///< whose image it becomes: kernels/KERNEL.cu
  std::string file;    ///< what is changed, from the repository's root: that source, or a header of it
  std::string find;    ///< must match exactly once
  std::string replace;
  std::string evidence;  ///< where a real kernel had it
  std::string expected;  ///< name of the verdict on the shrunk case
  std::string says;      ///< what its explanation must say
  /// Optional: the entries that its image has, as they follow the kernel's name: "f16_d32", or several with a
  /// blank between. All of them where empty, which takes nvcc up to half a minute instead of a second or two.
  std::string only;
  /// Optional: why no case can tell it from the kernel as it is. It is hunted all the same.
  std::string equivalent;
  std::string soft;   ///< optional, KEY=VALUE: how the software driver must run for it to show
  int sequences = 2;  ///< optional: of the smallest case that shows it
  int columns = 4;    ///< optional: its d_qk + d_v
  int heads = 1;      ///< optional: its query heads
  int rows = 8;       ///< optional: q_len + kv_len of its longest sequence
};

/// Errors (bad_input): no TOML, a key that is missing, empty or unknown.
[[nodiscard]] Outcome<Mutant> parse_mutant(std::string_view toml, const std::string& name);
[[nodiscard]] Outcome<Mutant> read_mutant(const std::filesystem::path& path);

/// Every TOML of a folder, by name. Errors: those of read_mutant, no folder, none in it.
[[nodiscard]] Outcome<std::vector<Mutant>> read_mutants(const std::filesystem::path& folder);

/// `source` with the bug in it. Errors (bad_input): `find` does not match exactly once, or changes nothing.
[[nodiscard]] Outcome<std::string> planted(const Mutant& mutant, std::string_view source);
/// Its file below `sources`, the repository's root, with the bug in it. Errors (bad_input): no such file,
/// too.
[[nodiscard]] Outcome<std::string> planted_in(const std::filesystem::path& sources, const Mutant& mutant);

}  // namespace flashdiff
