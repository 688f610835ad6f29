#pragma once
#include <functional>
#include <string>
#include <vector>

namespace flashdiff::test {

/// What a program said and how it ended.
struct Said {
  int code = -1;  ///< exit code, or minus the signal
  std::string out, err;
};

/// build/flashdiff with these arguments, in the source folder, in a plain environment (no colour, no CI).
/// `environment`: further NAME=VALUE.
[[nodiscard]] Said flashdiff(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment = {});

/// The same, and as soon as `due` holds (asked every few milliseconds, for two minutes at most: a machine may
/// be slow) it gets the signal.
[[nodiscard]] Said flashdiff_with_signal(const std::vector<std::string>& arguments, int signal,
                                         const std::function<bool()>& due);

[[nodiscard]] Said run_program(const std::vector<std::string>& command,
                               const std::vector<std::string>& environment, int signal = 0,
                               const std::function<bool()>& due = {});

/// Lines without their line feeds.
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

}  // namespace flashdiff::test
