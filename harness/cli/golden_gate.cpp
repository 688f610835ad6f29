#include "harness/cli/golden_gate.h"

#include <fmt/format.h>

#include "reports/numbers.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

/// "WORSE flash_forward/d64/main_loop: wavefronts_over_ideal 1 -> 6.8 (+580 %)".
std::string told(const compare::ChangedCounter& one, const Terminal& terminal) {
  const std::string word = one.worse ? terminal.red("WORSE") : terminal.green("better");
  const std::string by = one.was == 0 ? "" : fmt::format(" ({:+.3g} %)", 100 * (one.is - one.was) / one.was);
  return fmt::format("{} {}: {} {} -> {}{}\n", word, one.benchmark.substr(one.benchmark.find('/') + 1),
                     one.counter, exact(one.was), exact(one.is), by);
}

}  // namespace

ExitCode held_to_golden(const compare::Golden& counted, const fs::path& folder, bool all,
                        const Terminal& terminal) {
  const auto golden = compare::read_golden(folder);
  if (!golden) return complain(golden.error());
  auto changes = compare::compare_counters(golden->counters, compare::golden_of(counted.counters), 0);
  if (!all) changes.only_base.clear();
  for (const compare::ChangedCounter& one : changes.changed) fmt::print(stderr, "{}", told(one, terminal));
  for (const std::string& name : changes.only_base)
    fmt::print(stderr, "{}: has golden counters, and was not counted\n", name);
  for (const std::string& name : changes.only_next) fmt::print(stderr, "{}: has no golden counters\n", name);
  const std::size_t unheld = changes.only_base.size() + changes.only_next.size();
  const std::string sum =
      fmt::format("{} against {}: {} equal, {} worse, {} better",
                  flashdiff::counted(changes.compared, "counter", "counters"), folder.string(), changes.equal,
                  changes.worse(), static_cast<std::int64_t>(changes.changed.size()) - changes.worse());
  if (const std::string why = compare::why_not_held(*golden, counted.nvcc); !why.empty()) {
    fmt::print(stderr, "{}: {}: other code, so nothing is held to them ({})\n", terminal.yellow("INCOMPLETE"),
               why, sum);
    return incomplete;
  }
  const std::string word = changes.worse() > 0                   ? terminal.red("WORSE")
                           : unheld > 0 || changes.compared == 0 ? terminal.yellow("INCOMPLETE")
                                                                 : terminal.green("NOTHING WORSE");
  fmt::print(stderr, "{}: {}\n", word, sum);
  if (!changes.changed.empty() || unheld > 0)
    fmt::print(stderr,
               "where this is meant: bench --update-golden rewrites them, and the difference is committed\n");
  if (changes.worse() > 0) return slower_than_gate;
  return unheld > 0 || changes.compared == 0 ? incomplete : as_expected;
}

ExitCode update_golden(compare::Golden counted, const fs::path& folder, bool all) {
  if (!all) {  // the others stay as they are
    auto golden = compare::read_golden(folder);
    if (!golden) return complain(golden.error());
    if (golden->nvcc != counted.nvcc)
      return complain(
          {ErrorKind::bad_input,
           fmt::format("--update-golden with --filter: {} is of nvcc {}, these kernels are of {}; "
                       "expected all of them anew, without --filter",
                       folder.string(), golden->nvcc, counted.nvcc),
           {}});
    for (auto& [name, counters] : counted.counters) golden->counters[name] = std::move(counters);
    counted = std::move(*golden);
  }
  if (auto written = compare::write_golden(folder, counted); !written) return complain(written.error());
  fmt::print(stderr, "{}: golden counters of {} entries, by nvcc {}; `git diff {}` shows what changed\n",
             folder.string(), counted.counters.size(), counted.nvcc, folder.string());
  return as_expected;
}

}  // namespace flashdiff::cli
