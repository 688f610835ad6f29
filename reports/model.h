#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/oracle/cross.h"
#include "harness/run/record.h"
#include "harness/score/score.h"
#include "reports/bench.h"
#include "reports/bench_charts.h"
#include "reports/generation.h"
#include "reports/known.h"
#include "reports/report.h"
#include "reports/tally.h"

namespace flashdiff {

/// Counts along two axes of one backend, worst rows first. A capture's matrix has its file in the rows.
struct Matrix {
  struct Row {
    std::string name;
    std::vector<Tally> cells;  ///< one a column
    Tally total;
    std::vector<std::vector<std::size_t>> behind;  ///< of each cell, indices into Report::cases, some only
  };
  std::string backend, row_axis, column_axis;
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

/// How much of their budgets the cases of one backend used: counts in bins of a quarter of a decade, which
/// are the same in every report, so that pages can be laid side by side.
struct UseHistogram {
  static constexpr int first_decade = -3, last_decade = 1, bins_per_decade = 4;
  static constexpr int bin_count = (last_decade - first_decade) * bins_per_decade;
  static constexpr int slot_count = bin_count + 2;  ///< the bins, and one more at either end
  std::int64_t below = 0;                           ///< under 10^first_decade, nothing at all included
  std::array<std::int64_t, bin_count> bins{};
  std::int64_t above = 0;  ///< 10^last_decade or more, infinite, or not a number

  void add(double use);
  /// Which of the slots a use falls into: 0 is below, slot_count - 1 above.
  [[nodiscard]] static int slot_of(double use);
  [[nodiscard]] std::int64_t total() const;
};

/// A case and how much of a budget it used.
struct CaseUse {
  std::size_t record = 0;  ///< index into Report::cases
  double use = 0;
};

/// The most that an output used of its budget.
struct TensorWorst {
  TensorRole tensor = TensorRole::o;
  CaseUse at;
};

/// A class that all failures of a backend are in, and not all of its cases.
struct SharedClass {
  std::string label;      ///< "layout:left"
  Tally within, outside;  ///< its cases, and the backend's others
};

struct BackendSummary {
  std::string name, device;
  Tally tally;
  std::vector<std::size_t> behind;  ///< indices into Report::cases, some only
  UseHistogram histogram;
  std::array<std::vector<std::size_t>, UseHistogram::slot_count> behind_uses;  ///< the same, of each slot
  std::vector<TensorWorst> worst;   ///< of each output, over passes and mismatches
  std::vector<SharedClass> shared;  ///< narrowest first; empty below two failures
  double device_ms = 0, reference_ms = 0;
};

/// What came of a run, for the history.
struct RunSummary {
  Tally tally;
  double most_use = 0;  ///< of a budget, by a pass
  double seconds = 0;   ///< on the device and in the reference
  bool finished = true;
  /// Indices into Report::cases, some only, the one with `most_use` among them; empty but of the last
  /// most_runs_told.
  std::vector<std::size_t> behind{};
};

/// A history of more runs lists the last of them.
inline constexpr std::size_t most_runs_told = 200;

/// A failure that gets a card of its own: the first of those that shrink to the same case.
struct Finding {
  std::size_t record = 0;             ///< the failure as drawn, index into Report::cases
  std::optional<std::size_t> shrunk;  ///< index into Report::shrunk
  std::vector<std::size_t> same;      ///< other failures with the same backend, kind and shrunk case
};

struct ClassCount {
  std::string name;
  Tally tally;
  std::vector<std::size_t> behind;  ///< indices into Report::cases, some only
};
struct ClassAxis {
  std::string name;
  std::vector<ClassCount> classes;  ///< most cases first
};

/// Why cases were not judged. `kind` is "unsupported" or "not-executed".
struct Reason {
  std::string kind, backend, why;
  std::int64_t count = 0;
  std::vector<std::size_t> behind;  ///< indices into Report::cases, some only
};

/// Cases of a class that ended alike and are counted, not named: see Report::cases.
struct Together {
  std::string backend, class_name;  ///< as JUnit groups them, see class_of() in facts.h
  Verdict verdict;                  ///< of the first of them
  std::int64_t count = 0;
  double seconds = 0;  ///< on the device and in the reference
};

/// A report of more cases than this does not hold them all.
inline constexpr std::int64_t most_whole = 5'000;

struct KindCount {
  std::string kind;
  std::int64_t count = 0;
};

/// Everything that a report can say, read from the stores once; a writer is a function from this to bytes.
struct Report {
  ReportOptions options;
  Conclusion conclusion = Conclusion::incomplete;
  std::string why;  ///< the conclusion's reason, one sentence
  std::vector<RunContext> runs;
  std::vector<RunSummary> history;  ///< one a run
  Tally total;
  std::vector<KindCount> failures_by_kind;  ///< most frequent first
  std::vector<Reason> reasons;              ///< most frequent first
  std::vector<BackendSummary> backends;     ///< worst first
  std::vector<Matrix> matrices;             ///< layout x mask, phase x dtype, for each backend in that order
  std::vector<Matrix> captures;             ///< cases whose data come from a file: file x layout
  std::vector<Finding> findings;            ///< worst kind first, then the smallest case
  std::vector<CaseUse> closest;             ///< passes by the share of the budget that they used, at most 50
  std::vector<std::size_t> weak;            ///< weak passes, the largest unseen effect first, at most 50
  std::vector<ClassAxis> classes;
  std::vector<BenchTable> bench;
  std::vector<ChartGroup> charts;    ///< of the same
  std::vector<BenchRun> bench_runs;  ///< of each benchmark the newest: what is behind tables and charts
  std::vector<GenerationTable> generation;
  std::vector<KnownFinding> known;
  std::string support;  ///< what cuDNN supports, as support_section() tells it; empty: not asked
  std::map<std::string, Crossed> crossed;  ///< who agrees with whom about a case, by its line
  std::vector<power::Hunted> hunted;       ///< those that are not as expected first
  std::vector<power::Sound> sound;
  power::Score score;  ///< of the two above
  /// In the order of their execution, shrunk ones excluded; all of them up to most_whole, then those that are
  /// told: failures, the closest and weakest passes, some behind each number. Without labels; of failures
  /// that no card can be of without their map.
  std::vector<CaseRecord> cases;
  std::int64_t unheld = 0;         ///< failures that are not in `cases`
  std::vector<Together> together;  ///< behind most_whole: all cases but the failures in `cases`
  std::vector<CaseRecord> shrunk;  ///< what failures were shrunk to
};

}  // namespace flashdiff
