#include <algorithm>

#include <fmt/format.h>

#include "reports/bench_place.h"
#include "reports/html_bench.h"
#include "reports/numbers.h"
#include "reports/text.h"

namespace flashdiff::detail {
namespace {

ViewList commands_of(const BenchEntry& entry, const std::string& program) {
  const auto words = entry.words();
  const bool counted = words.front() == "figures", on_gpu = words.front() == "gpu";
  const std::string backend = words.size() > 1 ? words[1] : "";
  ViewList commands{View(fmt::format("{} bench{} --filter {}", program,
                                     counted  ? " --device soft"
                                     : on_gpu ? " --device gpu"
                                              : "",
                                     shell_quoted("^" + entry.name + "(/|$)")))};
  if (entry.line.empty()) return commands;
  if (counted)
    commands.push_back(
        View(fmt::format("{} counters {} --backend {}", program, shell_quoted(entry.line), backend)));
  if (on_gpu)
    commands.push_back(View(
        fmt::format("{} repro {} --backend {} --device gpu", program, shell_quoted(entry.line), backend)));
  return commands;
}

/// On the page of a site that has cases of the entry's backend.
View cases_of(const BenchEntry& entry, const Report& report, const Shown& shown) {
  const auto words = entry.words();
  const std::string& backend =
      words.front() == "figures" || words.front() == "gpu" ? words.at(1) : words.front();
  const auto found = std::ranges::find(report.backends, backend, &BackendSummary::name);
  const bool any = found != report.backends.end() && !found->behind.empty();
  return link_to_cases(shown, fmt::format("backend-{}", found - report.backends.begin()), any);
}

}  // namespace

void fill_bench_behind(View& root, const Report& report, const Shown& shown) {
  ViewList all;
  for (const BenchRun& run : report.bench_runs)
    for (const BenchEntry& entry : run.entries) {
      const auto words = entry.words();
      View view;
      view.set("anchor", anchor_of(entry));
      view.set("name", entry.name);
      view.set("label", entry.label.empty() ? View(false) : View(entry.label));
      view.set("commands", commands_of(entry, report.options.program));
      view.set("cases", words.size() > 1 ? cases_of(entry, report, shown) : View(false));
      view.set("backend", words.size() > 1 && words.front() != "reference" && words.front() != "openvino"
                              ? words[1]
                              : words.front());
      all.push_back(view);
    }
  root.set("any_behind", View(!all.empty()));
  root.set("behind_words", counted(std::ssize(all), "benchmark", "benchmarks"));
  root.set("behind", all);
}

}  // namespace flashdiff::detail
