#pragma once
#include <functional>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace flashdiff::cli {

enum class ProgressStyle { bar, plain, none };

/// How to speak on stderr.
struct Terminal {
  bool colour = false;
  ProgressStyle progress = ProgressStyle::plain;
  std::string prefix{};  ///< of progress: which step of several this is

  /// Red, green, bold, dim, or as it is where there is no colour.
  [[nodiscard]] std::string red(const std::string& text) const { return painted(text, "31;1"); }
  [[nodiscard]] std::string green(const std::string& text) const { return painted(text, "32;1"); }
  [[nodiscard]] std::string yellow(const std::string& text) const { return painted(text, "33;1"); }
  [[nodiscard]] std::string dim(const std::string& text) const { return painted(text, "2"); }

 private:
  [[nodiscard]] std::string painted(const std::string& text, const char* code) const;
};

struct TerminalWords {
  std::string colour = "auto", progress = "auto";
};
/// --color and --progress.
void add_terminal_options(CLI::App& command, TerminalWords& words);

/// Colour, first hit wins: the flag, NO_COLOR (no-color.org: not empty), FORCE_COLOR or CLICOLOR_FORCE,
/// TERM=dumb, whether stderr is a terminal. A live bar only on a terminal that is not dumb and where CI is
/// not set.
using Environment = std::function<std::optional<std::string>(const char*)>;
[[nodiscard]] Terminal terminal_of(const TerminalWords& words, bool is_terminal,
                                   const Environment& environment);
/// Of this process's stderr.
[[nodiscard]] Terminal terminal_of(const TerminalWords& words);
/// The same, of another stream.
[[nodiscard]] Terminal terminal_of(const TerminalWords& words, bool is_terminal);

}  // namespace flashdiff::cli
