#include "harness/cli/bench_against.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/live_line.h"
#include "properties/power/program.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int default_rounds = 10;

/// A program, and what its rounds came to, in Google Benchmark's JSON.
struct Side {
  fs::path program, out;
  json told{};
};

fs::path beside(const fs::path& out, const char* word) {
  fs::path name = out;
  return name.replace_extension(word + out.extension().string());
}

std::vector<std::string> command_of(const Side& side, const BenchOptions& options, const fs::path& out) {
  std::vector<std::string> command{side.program.string(), "bench", "--repetitions", "1", "-o", out.string()};
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) command.insert(command.end(), {flag, value});
  };
  add("--filter", options.filter);
  add("--device", options.device);
  if (options.min_seconds > 0) add("--min-time", fmt::format("{}", options.min_seconds));
  return command;
}

/// One process, one repetition of each benchmark.
Outcome<void> one_round(Side& side, const BenchOptions& options, int round) {
  const fs::path part = side.out.string() + ".part";
  const auto ended = power::run_program(command_of(side, options, part));
  if (!ended) return tl::unexpected<Error>(ended.error());
  std::stringstream text;
  text << std::ifstream(part, std::ios::binary).rdbuf();
  std::error_code none;
  fs::remove(part, none);
  json all = json::parse(text.str(), nullptr, false);
  if (ended->code != 0 || !all.is_object() || !all.contains("benchmarks"))
    return bad_input(fmt::format("{} bench: exit code {}, expected figures ({})", side.program.string(),
                                 ended->code, one_line(ended->said.substr(0, 300))));
  for (json& one : all["benchmarks"]) one["repetition_index"] = round;
  if (side.told.is_null()) {
    side.told = std::move(all);
  } else {
    json& so_far = side.told["benchmarks"];
    so_far.insert(so_far.end(), all["benchmarks"].begin(), all["benchmarks"].end());
  }
  return {};
}

Outcome<void> written(Side& side, int rounds) {
  for (json& one : side.told["benchmarks"]) one["repetitions"] = rounds;
  std::ofstream out(side.out, std::ios::binary | std::ios::trunc);
  out << side.told.dump(1, ' ', false, json::error_handler_t::replace) << '\n';
  out.close();
  if (!out)
    return bad_input(fmt::format("{}: cannot be written, expected a file to make", side.out.string()));
  return {};
}

}  // namespace

Outcome<ExitCode> bench_against(const fs::path& base, const BenchOptions& options,
                                const std::atomic<bool>& stop) {
  if (options.out.empty()) return bad_input("--against: where to? Expected --out FILE with it");
  const fs::path out = options.out;
  std::array sides{Side{base, beside(out, ".base")}, Side{fs::read_symlink("/proc/self/exe"), out},
                   Side{base, beside(out, ".again")}};
  const int rounds = options.repetitions > 0 ? options.repetitions : default_rounds;
  LiveLine line(terminal_of(options.terminal));
  const auto start = std::chrono::steady_clock::now();
  int done = 0;
  for (int round = 0; round < rounds && !stop; ++round, done = round) {
    for (Side& side : sides)
      if (auto told = one_round(side, options, round); !told) return tl::unexpected<Error>(told.error());
    std::ranges::reverse(sides);
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::string text = fmt::format("round {} of {}", round + 1, rounds);
    if (const int left = rounds - round - 1; left > 0)
      text += fmt::format(", {} left", duration(1000 * passed * left / (round + 1)));
    line.show(text, static_cast<double>(round + 1) / rounds);
  }
  line.clear();
  if (done == 0) return incomplete;
  for (Side& side : sides)
    if (auto told = written(side, done); !told) return tl::unexpected<Error>(told.error());
  fmt::print(stderr, "compare with: {} compare {} {} --again {}\n", program_name(),
             beside(out, ".base").string(), out.string(), beside(out, ".again").string());
  return done == rounds ? as_expected : incomplete;
}

}  // namespace flashdiff::cli
