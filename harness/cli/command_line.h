#pragma once
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace flashdiff::cli {

/// How the user called the program, for the commands that it prints: "build/flashdiff".
[[nodiscard]] const std::string& program_name();
/// The whole call, words quoted where a shell needs it.
[[nodiscard]] const std::string& whole_call();

/// The program: parses, runs the chosen command, returns the exit code. Never throws.
[[nodiscard]] int run_command_line(int argc, char** argv);

// One file a command: it adds itself to the program, and sets `chosen` to what runs it.
using Chosen = std::function<int()>;
void add_check(CLI::App& program, Chosen& chosen);
void add_repro(CLI::App& program, Chosen& chosen);
void add_power(CLI::App& program, Chosen& chosen);
void add_compare(CLI::App& program, Chosen& chosen);
void add_counters(CLI::App& program, Chosen& chosen);
void add_report(CLI::App& program, Chosen& chosen);
void add_backends(CLI::App& program, Chosen& chosen);
void add_devices(CLI::App& program, Chosen& chosen);
void add_bench(CLI::App& program, Chosen& chosen);
void add_nightly(CLI::App& program, Chosen& chosen);
void add_generate(CLI::App& program, Chosen& chosen);
void add_lint(CLI::App& program, Chosen& chosen);
void add_merge(CLI::App& program, Chosen& chosen);
void add_properties(CLI::App& program, Chosen& chosen);
void add_ptx(CLI::App& program, Chosen& chosen);
void add_worker(CLI::App& program, Chosen& chosen);

}  // namespace flashdiff::cli
