#include "harness/cli/terminal.h"

#include <cstdlib>

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace flashdiff::cli {

std::string Terminal::painted(const std::string& text, const char* code) const {
  return colour ? std::string("\x1b[") + code + 'm' + text + "\x1b[0m" : text;
}

void add_terminal_options(CLI::App& command, TerminalWords& words) {
  command.add_option("--color", words.colour, "when to colour: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str()
      ->group("Terminal");
  command
      .add_option("--progress", words.progress, "auto, bar (a live line), plain (a line now and then), none")
      ->check(CLI::IsMember({"auto", "bar", "plain", "none"}))
      ->capture_default_str()
      ->group("Terminal");
}

namespace {

bool colour_of(const std::string& word, bool is_terminal, const Environment& environment) {
  if (word != "auto") return word == "always";
  const auto set = [&](const char* name) { return !environment(name).value_or("").empty(); };
  if (set("NO_COLOR")) return false;
  for (const char* force : {"FORCE_COLOR", "CLICOLOR_FORCE"})
    if (set(force) && environment(force) != "0") return true;
  return environment("TERM") != "dumb" && is_terminal;
}

ProgressStyle progress_of(const std::string& word, bool is_terminal, const Environment& environment) {
  if (word == "bar") return ProgressStyle::bar;
  if (word == "plain") return ProgressStyle::plain;
  if (word == "none") return ProgressStyle::none;
  const bool live = is_terminal && environment("TERM") != "dumb" && environment("CI").value_or("").empty();
  return live ? ProgressStyle::bar : ProgressStyle::plain;
}

}  // namespace

Terminal terminal_of(const TerminalWords& words, bool is_terminal, const Environment& environment) {
  Terminal terminal;
  terminal.colour = colour_of(words.colour, is_terminal, environment);
  terminal.progress = progress_of(words.progress, is_terminal, environment);
  return terminal;
}

Terminal terminal_of(const TerminalWords& words) { return terminal_of(words, isatty(STDERR_FILENO) != 0); }

Terminal terminal_of(const TerminalWords& words, bool is_terminal) {
  return terminal_of(words, is_terminal, [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

}  // namespace flashdiff::cli
