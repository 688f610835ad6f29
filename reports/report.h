#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// The word at the top of every report. `incomplete`: nothing was judged, or a run ended before its time.
enum class Conclusion : std::uint8_t { pass, fail, incomplete };

/// "PASS", "FAIL", "INCOMPLETE".
[[nodiscard]] const char* name_of(Conclusion);

/// What changed since a base, as `flashdiff compare` finds it. The command line asks for it: reports know
/// what stores hold, and not how two of them are compared.
struct Changes {
  std::string base;                                                    ///< how the base is called
  std::int64_t both = 0, as_before = 0, only_base = 0, only_next = 0;  ///< cases
  struct Case {
    std::string change;  ///< "new failure", "lost pass", "other verdict", "mended"
    std::string line, backend, repro_options, was, is, why;
    bool worse = false;  ///< it was right, and is wrong or not judged any more
  };
  std::vector<Case> cases;  ///< worst first
};

struct ReportOptions {
  std::string title = "flashdiff";                  ///< heading of the page, name of the JUnit suite
  std::string program = "build/flashdiff";          ///< how the repro commands call the program
  std::vector<std::filesystem::path> bench{};       ///< what `flashdiff bench -o FILE` wrote
  std::vector<std::filesystem::path> generation{};  ///< what `flashdiff generate --json FILE` wrote
  std::vector<std::filesystem::path> known{};       ///< what `flashdiff repro --json` wrote
  std::filesystem::path support{};                  ///< what `flashdiff backends --matrix --json FILE` wrote
  std::optional<Changes> changes{};                 ///< since a base
  bool single_file = false;                         ///< one page instead of a site
  std::filesystem::path source_root{};              ///< what annotations leave out of a source's path
};

/// What write_report() wrote, and what it says, for the terminal and the exit code.
struct ReportFiles {
  std::filesystem::path html;      ///< out_dir/index.html: opens offline, works without JavaScript
  std::filesystem::path markdown;  ///< out_dir/report.md: under 60 kB, fits a job summary
  std::filesystem::path junit;     ///< out_dir/junit.xml
  Conclusion conclusion = Conclusion::incomplete;
  std::string why;                         ///< one sentence
  std::vector<std::string> annotations{};  ///< what GitHub shows beside the sources, see annotations.h
};

/// Reads one or several stores (their runs are told together) and writes the three files and, beside
/// index.html, the other pages of the site into `out_dir`, which is made if it is not there. A file is
/// replaced as a whole or not at all. Errors: bad_input for a path that is no store, a store of another
/// version, no store at all, a file of `bench`, `generation`, `known` or `support` that is none, or a folder
/// that cannot be written.
[[nodiscard]] Outcome<ReportFiles> write_report(std::span<const std::filesystem::path> stores,
                                                const std::filesystem::path& out_dir,
                                                const ReportOptions& options = {});

}  // namespace flashdiff
