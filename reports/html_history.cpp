#include <algorithm>

#include <fmt/format.h>

#include "reports/html.h"
#include "reports/numbers.h"
#include "reports/sparkline.h"

namespace flashdiff::detail {
namespace {

constexpr std::size_t most_drawn = 90;

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

/// The cases of a run, by its number from 0.
View link_to_run(const Report& report, std::size_t number) {
  const bool any = !report.history[number].behind.empty();
  return any ? View(fmt::format("cases.html#run-{}", number + 1)) : View(false);
}

View drawn(const std::string& name, const std::vector<double>& values, const std::string& last,
           const View& link) {
  View view;
  view.set("link", link);
  view.set("name", name);
  view.set("last", last);
  view.set("svg", sparkline_svg(values, fmt::format("{} over {} runs, {}", name, values.size(), last)));
  return view;
}

View run_view(const Report& report, std::size_t number) {
  const RunSummary& run = report.history[number];
  const RunContext& context = report.runs[number];
  View view;
  view.set("number", std::to_string(number + 1));
  view.set("unfinished", View(!run.finished));
  view.set("started", context.started_utc);
  view.set("commit", context.commit);
  view.set("device", context.device);
  view.set("seed", std::to_string(context.seed));
  const View link = link_to_run(report, number);
  ViewList counts;
  const auto add = [&](const std::string& text, bool any, bool bad, const std::string& share) {
    View cell;
    cell.set("text", text);
    cell.set("link", any ? link : View(false));
    cell.set("bad", View(any && bad));
    cell.set("share", share);
    counts.push_back(cell);
  };
  const Tally& tally = run.tally;
  add(grouped(tally.cases()), tally.cases() > 0, false, "");
  add(grouped(tally.judged()), tally.judged() > 0, false, "");
  add(grouped(tally.failed), tally.failed > 0, true, "");
  add(grouped(tally.weak), tally.weak > 0, false, tally.weak > 0 ? percent(tally.weak, tally.judged()) : "");
  add(brief(run.most_use), run.most_use > 0, false, "");
  view.set("counts", counts);
  view.set("time", duration(1e3 * run.seconds));
  return view;
}

}  // namespace

void fill_history(View& root, const Report& report) {
  const std::size_t runs = report.history.size();
  std::vector<double> failed, weak, most;
  for (std::size_t i = runs > most_drawn ? runs - most_drawn : 0; i < runs; ++i) {
    const RunSummary& run = report.history[i];
    failed.push_back(static_cast<double>(run.tally.failed));
    weak.push_back(share(run.tally.weak, run.tally.judged()));
    most.push_back(run.most_use);
  }
  ViewList sparklines, rows;
  if (runs > 0) {
    const RunSummary& last = report.history.back();
    const View link = link_to_run(report, runs - 1);
    sparklines.push_back(
        drawn("wrong cases", failed, "the last run has " + grouped(last.tally.failed), link));
    sparklines.push_back(drawn("share of weak passes", weak,
                               "the last run has " + percent(last.tally.weak, last.tally.judged()), link));
    sparklines.push_back(
        drawn("most of a budget that a pass used", most, "the last run has " + brief(last.most_use), link));
  }
  for (std::size_t i = runs; i > 0 && rows.size() < most_runs_told; --i)
    rows.push_back(run_view(report, i - 1));
  root.set("any_history", View(runs > 1));
  root.set("history_words", failed.size() < runs
                                ? fmt::format("the lines are of the last {} of {} runs", failed.size(),
                                              grouped(std::ssize(report.history)))
                                : counted(std::ssize(report.history), "run", "runs"));
  root.set("sparklines", sparklines);
  root.set("runs", rows);
  root.set("runs_cut", View(rows.size() < runs));
  root.set("runs_rest",
           fmt::format("The last {} of {} runs.", rows.size(), grouped(std::ssize(report.history))));
}

}  // namespace flashdiff::detail
