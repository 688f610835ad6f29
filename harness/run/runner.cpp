#include "harness/run/runner.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "harness/run/crossed.h"

namespace flashdiff {
namespace {

/// What a smaller case is asked so that it can fail as this one did. The others need no relation; of a worker
/// that died nobody knows whether it was one.
std::string relations_to_fail(const CaseRecord& failure, const std::string& asked) {
  if (std::holds_alternative<verdict::Crash>(failure.verdict) ||
      std::holds_alternative<verdict::Timeout>(failure.verdict))
    return asked;
  const std::vector<std::string> tried = relations_of(failure);
  return tried.empty() || tried.back() == layouts_relation ? "none" : tried.back();
}

using Clock = std::chrono::steady_clock;

/// What the threads share; everything under one lock, held for microseconds beside cases of milliseconds.
class Run {
 public:
  Run(const RunPlan& plan, CaseSource& source, Store& store, std::int64_t run, RunListener& listener,
      const std::atomic<bool>& stop, std::unique_ptr<Worker> ready)
      : plan_(plan),
        source_(source),
        store_(store),
        run_(run),
        listener_(listener),
        stop_(stop),
        ready_(std::move(ready)) {}

  void work() {
    const std::unique_ptr<Worker> mine = ready_or_new();
    Worker& worker = *mine;
    while (std::optional<CaseRecord> failure = failure_as_drawn()) {
      std::optional<Drawn> drawn = source_draw(failure->index);
      if (drawn && !made_smaller(worker, *failure, *drawn)) return;
    }
    while (std::optional<Next> next = draw()) {
      Answered answered;
      for (const std::string& backend : plan_.backends)
        if (!plan_.before.executed(backend, next->index) && !one_case(worker, backend, *next, answered))
          return;
      if (!crossed(worker, *next, answered)) return;
    }
  }

  [[nodiscard]] Outcome<RunEnd> end() {
    if (error_) return tl::unexpected<Error>(*error_);
    return interrupted_ ? RunEnd::interrupted : RunEnd::finished;
  }

 private:
  struct Next {
    std::uint64_t index;
    Drawn drawn;
  };

  std::unique_ptr<Worker> ready_or_new() {
    const std::lock_guard lock(mutex_);
    if (ready_) return std::move(ready_);
    return std::make_unique<Worker>(plan_.worker, plan_.timeout_seconds, plan_.memory);
  }

  std::optional<Next> draw() {
    const std::lock_guard lock(mutex_);
    if (error_ || ended_ || nobody_is_left()) return std::nullopt;
    while (executed_by_all(index_)) index_ += plan_.shard.of;
    if (plan_.cases && index_ >= *plan_.cases) return std::nullopt;
    if (plan_.seconds > 0 && Clock::now() - start_ > std::chrono::duration<double>(plan_.seconds))
      return std::nullopt;
    if (stop_) {
      interrupted_ = true;
      return std::nullopt;
    }
    std::optional<Drawn> drawn = source_.draw(index_);
    if (!drawn) {
      ended_ = true;
      return std::nullopt;
    }
    const std::uint64_t index = index_;
    index_ += plan_.shard.of;
    return Next{index, std::move(*drawn)};
  }

  [[nodiscard]] bool executed_by_all(std::uint64_t index) const {
    return !plan_.backends.empty() && std::ranges::all_of(plan_.backends, [&](const std::string& backend) {
      return plan_.before.executed(backend, index);
    });
  }

  /// What of a backend came to nothing lately.
  struct Silence {
    int in_a_row = 0;
    std::string how;    ///< the last
    bool told = false;  ///< that it is not asked any more
  };

  /// Under the lock.
  [[nodiscard]] bool is_out(const std::string& backend) const {
    const auto found = silences_.find(backend);
    return plan_.most_silent > 0 && found != silences_.end() && found->second.in_a_row >= plan_.most_silent;
  }
  [[nodiscard]] bool nobody_is_left() const {
    return !plan_.backends.empty() && std::ranges::all_of(plan_.backends, [&](const std::string& backend) {
      const auto found = silences_.find(backend);
      return is_out(backend) && found->second.told;
    });
  }
  /// Whether a backend is still asked. Where it is not, `why_not` says why, once.
  bool is_asked(const std::string& backend, std::string& why_not) {
    const std::lock_guard lock(mutex_);
    if (!is_out(backend)) return true;
    Silence& silence = silences_.at(backend);
    if (!std::exchange(silence.told, true))
      why_not = fmt::format("no answer {} times in a row, last: {}; {} is not asked any more in this run",
                            silence.in_a_row, silence.how, backend);
    return false;
  }
  /// Of a case as it was drawn; under the lock.
  void note_silence(const CaseRecord& record) {
    Silence& silence = silences_[record.backend];
    const bool silent = std::holds_alternative<verdict::Crash>(record.verdict) ||
                        std::holds_alternative<verdict::Timeout>(record.verdict);
    if (silent) {
      ++silence.in_a_row;
      silence.how = explain(record.verdict);
    } else if (!is_out(record.backend) && !std::holds_alternative<verdict::Unsupported>(record.verdict)) {
      silence.in_a_row = 0;  // it ran
    }
  }

  std::optional<Drawn> source_draw(std::uint64_t index) {
    const std::lock_guard lock(mutex_);
    return source_.draw(index);
  }

  /// A failure of the run before that would have been made smaller, had it not been ended.
  std::optional<CaseRecord> failure_as_drawn() {
    const std::lock_guard lock(mutex_);
    if (error_ || stop_ || as_drawn_ == plan_.before.as_drawn().end()) return std::nullopt;
    return (as_drawn_++)->second;
  }

  void broken(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  [[nodiscard]] CaseRecord record_of(const std::string& backend, const Drawn& drawn,
                                     std::uint64_t index) const {
    CaseRecord record;
    record.index = index;
    record.line = print(drawn.value);
    record.backend = backend;
    record.device = plan_.devices.at(backend);
    if (const auto told = plan_.repro_options.find(backend); told != plan_.repro_options.end())
      record.repro_options = told->second;
    record.labels = drawn.labels;
    return record;
  }

  std::optional<CaseRecord> executed(Worker& worker, const std::string& backend, const Drawn& drawn,
                                     std::uint64_t index, const std::string& relations) {
    CaseRecord record = record_of(backend, drawn, index);
    Outcome<Examination> examined = worker.examine(backend, record.line, {relations, false});
    if (!examined) {
      broken(std::move(examined.error()));
      return std::nullopt;
    }
    record.verdict = std::move(examined->verdict);
    record.device_ms = examined->device_ms;
    record.reference_ms = examined->reference_ms;
    for (const std::string& relation : examined->relations)
      record.labels.push_back(relation_label + relation);
    return record;
  }

  bool stored(CaseRecord& record) {
    const std::lock_guard lock(mutex_);
    if (error_) return false;
    Outcome<std::int64_t> id = store_.append(run_, record);
    if (!id) {
      error_ = std::move(id.error());
      return false;
    }
    record.id = *id;
    if (!record.shrunk_from) note_silence(record);
    listener_.on_case(record);
    return true;
  }

  /// Who gave an answer to a case, and whether one of them is wrong.
  struct Answered {
    std::vector<std::string> by;
    bool disputed = false;

    void add(const std::string& backend, const Verdict& verdict) {
      // The reference is a witness anyway; of the others it needs O, not a reason.
      const bool judged = std::holds_alternative<verdict::Pass>(verdict) ||
                          std::holds_alternative<verdict::PassWeak>(verdict);
      const bool wrong = std::holds_alternative<verdict::Mismatch>(verdict) ||
                         std::holds_alternative<verdict::NotEquivalent>(verdict) ||
                         std::holds_alternative<verdict::Bias>(verdict);
      if ((judged || wrong) && backend != "reference") by.push_back(backend);
      disputed = disputed || wrong;
    }
  };

  /// Keeps who agrees with whom of a case that is disputed and has three witnesses or more. False where the
  /// run is at its end: an error.
  bool crossed(Worker& worker, const Next& next, const Answered& answered) {
    if (!answered.disputed || answered.by.size() < 2 || next.drawn.value.problem.pass != Pass::forward)
      return true;
    {
      const std::lock_guard lock(mutex_);
      if (stop_ || crossed_ >= plan_.most_crossed) return true;
      ++crossed_;
    }
    const std::string line = print(next.drawn.value);
    const Outcome<std::string> text = worker.cross(answered.by, line);
    if (!text) {
      broken(text.error());
      return false;
    }
    if (text->empty()) return true;
    const std::lock_guard lock(mutex_);
    if (auto kept = store_.keep(kept_crossed, line, *text); !kept) error_ = kept.error();
    return !error_;
  }

  /// Stores the first case that a backend is not asked any more. False where the run is at its end: an error.
  bool left_out(const std::string& backend, const Next& next, std::string why) {
    CaseRecord record = record_of(backend, next.drawn, next.index);
    record.verdict = verdict::NotExecuted{std::move(why)};
    if (!stored(record)) return false;
    const std::lock_guard lock(mutex_);
    listener_.on_left_out(record);
    return true;
  }

  bool one_case(Worker& worker, const std::string& backend, const Next& next, Answered& answered) {
    std::string why_not;
    if (!is_asked(backend, why_not)) return why_not.empty() || left_out(backend, next, std::move(why_not));
    std::optional<CaseRecord> record = executed(worker, backend, next.drawn, next.index, plan_.relations);
    if (!record || !stored(*record)) return false;
    answered.add(backend, record->verdict);
    return !is_failure(record->verdict) || made_smaller(worker, *record, next.drawn);
  }

  /// False where the run is at its end: an error.
  bool made_smaller(Worker& worker, const CaseRecord& failure, const Drawn& drawn) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_ || shrunk_[failure.backend] >= plan_.shrunk_per_backend) return true;
      ++shrunk_[failure.backend];
      listener_.on_shrinking(failure);
    }
    std::optional<CaseRecord> small = shrink(worker, failure, drawn);
    return small && stored(*small);
  }

  /// Greedy: the first smaller case that fails in the same way is the next to be made smaller.
  std::optional<CaseRecord> shrink(Worker& worker, const CaseRecord& failure, const Drawn& drawn) {
    const std::string kind = name_of(failure.verdict);
    const std::string relations = relations_to_fail(failure, plan_.relations);
    CaseRecord best = failure;
    Drawn at = drawn;
    int steps = 0;
    for (bool smaller = true; smaller;) {
      smaller = false;
      std::vector<Drawn> candidates;
      {
        const std::lock_guard lock(mutex_);
        candidates = at.smaller();
      }
      for (Drawn& candidate : candidates) {
        if (steps >= plan_.most_shrink_steps || stop_) break;
        ++steps;
        std::optional<CaseRecord> tried =
            executed(worker, failure.backend, candidate, failure.index, relations);
        if (!tried) return std::nullopt;
        if (name_of(tried->verdict) != kind) continue;
        best = std::move(*tried);
        at = std::move(candidate);
        smaller = true;
        break;
      }
    }
    best.shrunk_from = failure.id;
    best.shrink_steps = steps;
    return best;
  }

  const RunPlan& plan_;
  CaseSource& source_;
  Store& store_;
  const std::int64_t run_;
  RunListener& listener_;
  const std::atomic<bool>& stop_;
  const Clock::time_point start_ = Clock::now();

  std::mutex mutex_;
  std::uint64_t index_ = plan_.shard.number - 1;
  std::map<std::string, int> shrunk_ = plan_.before.shrunk();
  std::map<std::int64_t, CaseRecord>::const_iterator as_drawn_ = plan_.before.as_drawn().begin();
  std::map<std::string, Silence> silences_;
  std::unique_ptr<Worker> ready_;
  int crossed_ = 0;
  bool ended_ = false, interrupted_ = false;
  std::optional<Error> error_;
};

}  // namespace

Outcome<RunEnd> run_cases(const RunPlan& plan, CaseSource& source, Store& store, std::int64_t run,
                          RunListener& listener, const std::atomic<bool>& stop,
                          std::unique_ptr<Worker> ready) {
  Run shared(plan, source, store, run, listener, stop, std::move(ready));
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(plan.jobs));
  for (int job = 0; job < plan.jobs; ++job) threads.emplace_back([&shared] { shared.work(); });
  threads.clear();  // joins
  return shared.end();
}

}  // namespace flashdiff
