#include "reports/summarise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

#include "reports/counts.h"
#include "reports/facts.h"

namespace flashdiff {
namespace {

using detail::Behind;
using detail::Foremost;
using detail::Kept;
using detail::Passing;

constexpr std::size_t listed_passes = 50;

struct UsesMore {
  bool operator()(double a, double b) const { return uses_more(a, b); }
};

const std::string* why_not_judged(const Verdict& verdict) {
  if (const auto* no = std::get_if<verdict::Unsupported>(&verdict)) return &no->why;
  if (const auto* no = std::get_if<verdict::NotExecuted>(&verdict)) return &no->why;
  return nullptr;
}

class ReasonCounts {
 public:
  void add(const Passing& passing) {
    const CaseRecord& record = passing.record();
    const std::string* why = why_not_judged(record.verdict);
    if (why == nullptr) return;
    auto& [count, behind] = counts_[{name_of(record.verdict), record.backend, *why}];
    ++count;
    behind.add(passing.kept);
  }
  [[nodiscard]] std::vector<Reason> reasons() const {
    std::vector<Reason> reasons;
    for (const auto& [key, counted] : counts_) {
      const auto& [kind, backend, why] = key;
      reasons.push_back({kind, backend, why, counted.first, counted.second.indices()});
    }
    std::ranges::stable_sort(reasons, std::ranges::greater{}, &Reason::count);
    return reasons;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, std::pair<std::int64_t, Behind>> counts_;
};

/// What a long report tells together.
class TogetherCounts {
 public:
  void add(const Passing& passing) {
    const CaseRecord& record = passing.record();
    const std::string* why = why_not_judged(record.verdict);
    Together& together = counts_[{record.backend, class_of(record.backend, passing.parsed),
                                  why != nullptr ? *why : name_of(record.verdict)}];
    if (together.count == 0) {
      together.backend = record.backend;
      together.class_name = class_of(record.backend, passing.parsed);
      together.verdict = record.verdict;
    }
    ++together.count;
    together.seconds += 1e-3 * (record.device_ms + record.reference_ms);
  }
  [[nodiscard]] std::vector<Together> together() const {
    std::vector<Together> all;
    for (const auto& [key, one] : counts_) all.push_back(one);
    return all;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, Together> counts_;
};

/// What a run came to, with some of its cases. Of months of nights those that no page lists let theirs go.
class RunCounts {
 public:
  void add(std::size_t number, const Kept& kept) {
    while (all_.size() <= number) {
      all_.emplace_back();
      if (all_.size() > most_runs_told) all_[all_.size() - 1 - most_runs_told].let_go();
    }
    all_[number].add(kept);
  }
  [[nodiscard]] std::vector<RunSummary> runs() const {
    std::vector<RunSummary> runs;
    for (const OfRun& one : all_) {
      RunSummary& told = runs.emplace_back(one.summary);
      told.behind = one.behind.indices();
      if (one.most != nullptr && std::ranges::find(told.behind, one.most->index) == told.behind.end())
        told.behind.push_back(one.most->index);
    }
    return runs;
  }

 private:
  struct OfRun {
    RunSummary summary;
    Behind behind;
    Kept most;

    void add(const Kept& kept) {
      const CaseRecord& record = kept->record;
      summary.tally.add(record.verdict);
      summary.seconds += 1e-3 * (record.device_ms + record.reference_ms);
      behind.add(kept);
      const auto use = use_of(record.verdict);
      if (!use || is_failure(record.verdict) || use->worst() <= summary.most_use) return;
      summary.most_use = use->worst();
      most = kept;
    }
    void let_go() {
      behind = {};
      most.reset();
    }
  };
  std::vector<OfRun> all_;
};

std::vector<KindCount> most_frequent_first(const std::map<std::string, std::int64_t>& counts) {
  std::vector<KindCount> kinds;
  kinds.reserve(counts.size());
  for (const auto& [kind, count] : counts) kinds.push_back({kind, count});
  std::ranges::stable_sort(kinds, std::ranges::greater{}, &KindCount::count);
  return kinds;
}

}  // namespace

struct Summary::Parts {
  detail::Held held;  ///< first: it outlives what the others hold
  std::vector<Kept> whole;
  std::vector<CaseRecord> shrunk;
  Tally total;
  RunCounts runs;
  std::map<std::string, std::int64_t> kinds;
  detail::BackendCounts backends;
  detail::MatrixCounts matrices;
  detail::LabelCounts labels;
  detail::FailureCounts failures;
  ReasonCounts reasons;
  TogetherCounts together;
  Foremost<double, UsesMore> closest{listed_passes}, weakest{listed_passes};

  explicit Parts(std::unordered_set<std::int64_t> ids) : failures(std::move(ids)) {}

  void add(CaseRecord record, std::size_t run) {
    const std::vector<std::string> names = std::exchange(record.labels, {});
    const Outcome<Case> parsed = parse_case(record.line);
    const Kept kept = held.take(std::move(record));
    const Passing passing{kept, names, parsed};
    const Verdict& verdict = kept->record.verdict;
    total.add(verdict);
    runs.add(run, kept);
    backends.add(passing);
    matrices.add(passing);
    labels.add(passing);
    reasons.add(passing);
    const bool is_wrong = is_failure(verdict);
    if (is_wrong) ++kinds[name_of(verdict)];
    if (!failures.add(passing) || !is_wrong) together.add(passing);
    if (const auto use = use_of(verdict); use && !is_wrong) closest.add(use->worst(), kept);
    if (const auto* weak = std::get_if<verdict::PassWeak>(&verdict)) weakest.add(weak->effect, kept);
    if (total.cases() <= most_whole)
      whole.push_back(kept);
    else
      whole.clear();
  }
};

Summary::Summary(std::unordered_set<std::int64_t> shrunk)
    : parts_(std::make_unique<Parts>(std::move(shrunk))) {}
Summary::Summary(Summary&&) noexcept = default;
Summary::~Summary() = default;

void Summary::add(CaseRecord record, std::size_t run) {
  if (record.shrunk_from)
    parts_->shrunk.push_back(std::move(record));
  else
    parts_->add(std::move(record), run);
}

Report Summary::report(Told told, ReportOptions options) && {
  Parts& parts = *parts_;
  Report report;
  report.options = std::move(options);
  report.runs = std::move(told.runs);
  report.cases = parts.held.records();
  report.shrunk = std::move(parts.shrunk);
  report.total = parts.total;
  report.history = parts.runs.runs();
  report.history.resize(report.runs.size());
  for (std::size_t i = 0; i < report.history.size(); ++i)
    report.history[i].finished = i < told.ended.size() ? told.ended[i] : told.finished;
  report.unheld = parts.failures.unheld();
  if (report.total.cases() > most_whole) report.together = parts.together.together();
  report.failures_by_kind = most_frequent_first(parts.kinds);
  report.reasons = parts.reasons.reasons();
  report.backends = parts.backends.backends();
  for (BackendSummary& b : report.backends) b.shared = parts.labels.shared_by_failures(b);
  report.matrices = parts.matrices.matrices(report.backends);
  report.captures = parts.matrices.captures(report.backends);
  report.findings = detail::findings_of(report);
  for (const auto& one : parts.closest) report.closest.push_back({one.kept->index, one.key});
  for (const auto& one : parts.weakest) report.weak.push_back(one.kept->index);
  report.classes = parts.labels.classes();
  report.crossed = std::move(told.crossed);
  report.hunted = std::move(told.hunted);
  report.sound = std::move(told.sound);
  report.score = power::score_of(report.hunted, report.sound);
  std::ranges::stable_sort(report.hunted, {}, [](const power::Hunted& one) {
    return std::pair(one.as_expected(), one.unlike.empty());
  });
  detail::conclude(report, told.finished);
  return report;
}

Report summarise(Told told, ReportOptions options) {
  std::unordered_set<std::int64_t> shrunk;
  for (const CaseRecord& record : told.records)
    if (record.shrunk_from) shrunk.insert(*record.shrunk_from);
  Summary summary(std::move(shrunk));
  for (CaseRecord& record : told.records) summary.add(std::move(record));
  return std::move(summary).report(std::move(told), std::move(options));
}

}  // namespace flashdiff
