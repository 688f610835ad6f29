#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/oracle/verdict.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::power {

/// The failure that gave a mutant away.
struct Kill {
  std::uint64_t index = 0;  ///< of the case, from 0
  double seconds = 0;       ///< of examining, up to and with this case; compiling is not counted
  std::string rule;         ///< the verdict's name, "mismatch"
  std::string part;         ///< which part of the rule, part_of
  std::string line{};       ///< the case; empty in stores of before 2026-12
};

/// What shrinking it came to.
struct Smallest {
  std::string line;     ///< the case
  std::string verdict;  ///< name, and how it is explained
  std::string explanation;
  int executions = 0;  ///< that it took
};

/// What another project's rule said of the same answers.
struct RuleCount {
  std::string name;
  std::int64_t asked = 0;     ///< answers of which it says something
  std::int64_t rejected = 0;  ///< of those
  /// Case of a mutant that it rejected first, while it accepts the kernel as it is there: a rule that rejects
  /// everything finds nothing.
  std::optional<std::uint64_t> killed;
};

/// How the hunt for one mutant went, or goes: saved after every case.
struct Hunted {
  std::string mutant, title, kernel, evidence;
  std::string equivalent;  ///< why nothing can kill it, where its file says so
  std::string options;     ///< what `repro` is told besides a line: "--backend K --image K=FILE"
  std::string key;         ///< hash of all that the outcome depends on
  std::uint64_t seed = 0, most = 0;
  std::uint64_t cases = 0;  ///< drawn so far
  std::int64_t judged = 0;  ///< of those: the image has an entry for the others not
  std::int64_t failed = 0;  ///< of those
  std::int64_t silent = 0;  ///< of those: a fault, a crash or a timeout, and so no answer
  double compile_seconds = 0, seconds = 0;
  std::optional<Kill> kill;
  std::optional<std::uint64_t> expected_at;  ///< first case with the verdict that the file expects
  std::optional<Smallest> smallest;
  std::vector<std::string> unlike;  ///< what is not as the file says
  std::string alarm;                ///< how the kernel as it is fails the smallest case; empty: it passes
  std::vector<RuleCount> rules;
  /// Relations between answers that the mutant broke, whatever else gave it away, and the first case of each.
  std::map<std::string, std::uint64_t> relations{};
  bool ended = false;

  [[nodiscard]] bool survived() const { return ended && !kill; }
  /// Killed where it should be, or not where nothing can kill it.
  [[nodiscard]] bool as_expected() const { return ended && kill.has_value() == equivalent.empty(); }
};

/// A kernel as it is, on the cases that its mutants were hunted with: every failure is a false alarm, or a
/// bug that is not planted.
struct Sound {
  std::string name;  ///< "flash_forward f16_d32"
  std::string kernel, options, key;
  std::uint64_t seed = 0;
  std::uint64_t first = 0, cases = 0;  ///< a part of them is kept at a time: number of its first, how many
  std::int64_t judged = 0;
  std::vector<std::string> alarms;  ///< lines, and how each was explained
  std::vector<RuleCount> rules;
};

/// "O, LSE", the outputs outside of their budgets; "race in shared memory", the detector; and whether only
/// another layout of the case showed it. Of a failure.
[[nodiscard]] std::string part_of(const Verdict& failure);

/// As explain() says it, and of a fault the first line of the device's report besides: what and where.
[[nodiscard]] std::string explanation_of(const Verdict& failure);

[[nodiscard]] nlohmann::json json_of(const Hunted& hunted);
[[nodiscard]] nlohmann::json json_of(const Sound& sound);
/// The reverse. Errors (bad_input): what is missing or mistyped.
[[nodiscard]] Outcome<Hunted> hunted_of(const std::string& json);
[[nodiscard]] Outcome<Sound> sound_of(const std::string& json);

}  // namespace flashdiff::power
