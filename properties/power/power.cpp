#include "properties/power/power.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run/worker.h"
#include "harness/score/score.h"
#include "properties/classify.h"
#include "properties/power/cases.h"
#include "properties/power/hash.h"
#include "properties/power/hunt.h"
#include "properties/power/other_rules.h"

namespace flashdiff::power {
namespace {

constexpr std::uint64_t cases_at_a_time = 50;  ///< of a kernel as it is, saved together

/// A kernel as it is, asked what a group of its mutants was.
struct Group {
  const Mutant* like;  ///< one of them: same kernel, entries and setting
  std::string name;
  std::uint64_t cases = 0;  ///< that the one which took most was asked
};

std::string group_of(const Mutant& mutant) {
  std::string name = mutant.kernel;
  for (const std::string* word : {&mutant.only, &mutant.soft})
    if (!word->empty()) name += ' ' + *word;
  return name;
}

/// Everything that threads share; under one lock, held for microseconds beside cases of milliseconds.
class Campaign {
 public:
  Campaign(const PowerPlan& plan, const Images& images, Store& store, std::int64_t run,
           PowerListener& listener, const std::atomic<bool>& stop)
      : plan_(plan), images_(images), store_(store), run_(run), listener_(listener), stop_(stop) {
    hunted_.resize(plan.mutants.size());
    std::set<std::string> groups;
    for (const Mutant& mutant : plan.mutants) groups.insert(group_of(mutant));
    planned_ = plan.cases * (plan.mutants.size() + groups.size());
  }

  Outcome<PowerResult> all() {
    for (const auto& [kind, into] :
         {std::pair{kept_mutants, &kept_mutants_}, {kept_kernels, &kept_kernels_}}) {
      auto kept = store_.kept(kind);
      if (!kept) return tl::unexpected<Error>(std::move(kept.error()));
      *into = std::move(*kept);
    }
    // What takes nvcc half a minute first, so that the last ones are quick.
    std::vector<std::size_t> order(plan_.mutants.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_partition(order.begin(), order.end(),
                          [this](std::size_t i) { return plan_.mutants[i].only.empty(); });
    each(order.size(), [&](std::size_t i) { return hunt(order[i]); });
    const std::vector<Group> groups = groups_asked();
    planned_ = done_;
    for (const Group& group : groups) planned_ += group.cases;
    // Groups are cut, so that the last one does not keep one processor busy alone.
    std::vector<std::pair<const Group*, std::uint64_t>> parts;
    for (const Group& group : groups)
      for (std::uint64_t first = 0; first < group.cases; first += cases_at_a_time)
        parts.emplace_back(&group, first);
    if (!stop_) each(parts.size(), [&](std::size_t i) { return sound(*parts[i].first, parts[i].second); });
    if (error_) return tl::unexpected<Error>(*error_);
    PowerResult result;
    for (std::optional<Hunted>& hunted : hunted_)
      if (hunted && hunted->ended) result.hunted.push_back(std::move(*hunted));
    for (const Group& group : groups)
      if (const auto found = sound_.find(group.name); found != sound_.end())
        result.sound.push_back(found->second);
    result.broken = std::move(broken_);
    result.examined = examined_;
    result.finished = !stop_;
    return result;
  }

 private:
  /// work(0), ..., work(count - 1), on all threads.
  template <class Work>
  void each(std::size_t count, Work work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(plan_.jobs));
    for (int job = 0; job < plan_.jobs; ++job)
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < count && !stop_ && !failed(); i = next++)
          if (Outcome<void> done = work(i); !done) fail_all(std::move(done.error()));
      });
  }
  bool failed() {
    const std::lock_guard lock(mutex_);
    return error_.has_value();
  }
  void fail_all(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  [[nodiscard]] std::string key_of(const std::string& what) const {
    std::string without;
    for (Extra extra : plan_.without) without += fmt::format(" {}", name_of(extra));
    return hash_of(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", plan_.program, what, plan_.seed, plan_.cases,
                               plan_.other_rules ? "other rules" : "", plan_.relations, without));
  }

  /// A worker process; started when it is asked first.
  std::shared_ptr<Worker> worker_of(const Answerer& answerer) const {
    return std::make_shared<Worker>(answerer.worker, plan_.timeout_seconds);
  }
  static Ask asker(const Mutant& mutant, std::shared_ptr<Worker> worker, AskedRelations relations) {
    return [worker = std::move(worker), relations = std::move(relations),
            kernel = mutant.kernel](const Case& c) -> Outcome<Seen> {
      Outcome<Examination> examined = worker->examine(kernel, print(c), relations);
      if (!examined) return tl::unexpected<Error>(std::move(examined.error()));
      std::string broken = worker->broken();
      if (broken.empty() && is_failure(examined->verdict) && !examined->relations.empty())
        broken = examined->relations.back();
      return Seen{std::move(examined->verdict), worker->aside(), std::move(broken)};
    };
  }
  /// Shrinking asks the relation that is broken, and of other failures none.
  static AskedRelations relations_like(const Seen& failure) {
    const auto* broken = std::get_if<verdict::BrokenRelation>(&failure.verdict);
    return {broken == nullptr ? "none" : broken->relation, false};
  }

  Outcome<void> keep(const char* kind, const std::string& name, const nlohmann::json& what) {
    return store_.keep(kind, name, what.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }

  Outcome<void> hunt(std::size_t i) {
    const Mutant& mutant = plan_.mutants[i];
    const Outcome<Image> image = images_.of(mutant);
    if (!image) {
      const std::lock_guard lock(mutex_);
      broken_.push_back(image.error().what);
      done_ += plan_.cases;
      return {};
    }
    const Outcome<Answerer> wrong = plan_.answerer(mutant, image->ptx.string());
    const Outcome<Answerer> right = plan_.answerer(mutant, "");
    if (!wrong || !right) return tl::unexpected<Error>((wrong ? right : wrong).error());
    Hunted hunted = begun(mutant, *image, *wrong);
    if (!hunted.ended) {
      const std::shared_ptr<Worker> worker = worker_of(*wrong);
      const Hunt chase{mutant,
                       asker(mutant, worker, {plan_.relations, true}),
                       asker(mutant, worker_of(*right), {plan_.relations, false}),
                       plan_.other_rules,
                       [this](const Hunted& so_far) { return saved(so_far); },
                       stop_,
                       [&](const Seen& failure) { return asker(mutant, worker, relations_like(failure)); },
                       plan_.without};
      if (auto done = chase.run(hunted); !done) return done;
    }
    const std::lock_guard lock(mutex_);
    if (hunted.ended) {
      done_ += plan_.cases - hunted.cases;
      listener_.on_hunted(hunted);
    }
    hunted_[i] = std::move(hunted);
    return {};
  }

  /// What the store has of it, or a new one.
  Hunted begun(const Mutant& mutant, const Image& image, const Answerer& wrong) {
    Hunted hunted;
    hunted.key = key_of(image.inputs + mutant.kernel + mutant.soft + mutant.expected + mutant.says +
                        fmt::format(" {} {} {}", mutant.columns, mutant.rows, mutant.heads));
    if (const auto kept = kept_mutants_.find(mutant.name); plan_.resume && kept != kept_mutants_.end())
      if (const Outcome<Hunted> found = hunted_of(kept->second); found && found->key == hunted.key) {
        hunted = *found;
        const std::lock_guard lock(mutex_);
        done_ += hunted.cases;
      }
    hunted.mutant = mutant.name;
    hunted.title = mutant.title;
    hunted.kernel = mutant.kernel;
    hunted.evidence = mutant.evidence;
    hunted.equivalent = mutant.equivalent;
    hunted.options = wrong.repro_options;
    hunted.seed = plan_.seed;
    hunted.most = plan_.cases;
    if (image.compile_seconds > 0) hunted.compile_seconds = image.compile_seconds;
    return hunted;
  }

  Outcome<void> saved(const Hunted& hunted) {
    const std::lock_guard lock(mutex_);
    if (!hunted.ended) {
      ++done_;
      ++examined_;
    }
    listener_.on_progress(share(), examined_, hunted.mutant);
    return keep(kept_mutants, hunted.mutant, json_of(hunted));
  }

  [[nodiscard]] double share() const {
    return planned_ == 0 ? 1 : std::min(1.0, static_cast<double>(done_) / static_cast<double>(planned_));
  }

  [[nodiscard]] std::vector<Group> groups_asked() const {
    std::map<std::string, Group> groups;
    for (std::size_t i = 0; i < hunted_.size(); ++i) {
      const Mutant& mutant = plan_.mutants[i];
      const std::string name = group_of(mutant);
      Group& group = groups.try_emplace(name, Group{&mutant, name}).first->second;
      if (hunted_[i]) group.cases = std::max(group.cases, hunted_[i]->cases);
    }
    std::vector<Group> asked;
    asked.reserve(groups.size());
    for (auto& [name, group] : groups) asked.push_back(std::move(group));
    return asked;
  }

  /// Cases [first, first + cases_at_a_time) of a kernel as it is.
  Outcome<void> sound(const Group& group, std::uint64_t first) {
    const Outcome<Answerer> right = plan_.answerer(*group.like, "");
    const Outcome<CasesOf> cases = cases_for(*group.like, plan_.without);
    if (!right || !cases) return tl::unexpected<Error>(right ? cases.error() : right.error());
    const std::uint64_t end = std::min(group.cases, first + cases_at_a_time);
    const std::string name = fmt::format("{}, cases {} to {}", group.name, first, end);
    Sound part;
    part.key = key_of(name);
    if (const auto kept = kept_kernels_.find(name); plan_.resume && kept != kept_kernels_.end())
      if (const Outcome<Sound> found = sound_of(kept->second); found && found->key == part.key)
        return add(group, *found, {}, name);
    part.name = group.name;
    part.kernel = group.like->kernel;
    part.options = right->repro_options;
    part.seed = plan_.seed;
    part.first = first;
    Worker worker(right->worker, plan_.timeout_seconds);
    std::vector<CaseRecord> records;
    for (std::uint64_t index = first; index < end; ++index) {
      if (stop_) return {};
      CaseRecord record;
      const Case c = draw(plan_.seed, index, *cases).value();
      record.index = index;
      record.line = print(c);
      record.backend = part.kernel;
      record.device = right->device;
      record.repro_options = right->repro_options;
      record.labels = classify(c);
      Outcome<Examination> examined = worker.examine(part.kernel, record.line, {plan_.relations, false});
      if (!examined) return tl::unexpected<Error>(std::move(examined.error()));
      record.verdict = std::move(examined->verdict);
      record.device_ms = examined->device_ms;
      record.reference_ms = examined->reference_ms;
      for (const std::string& relation : examined->relations)
        record.labels.push_back(relation_label + relation);
      ++part.cases;
      if (!std::holds_alternative<verdict::Unsupported>(record.verdict)) ++part.judged;
      if (is_failure(record.verdict)) part.alarms.push_back(record.line + ": " + explain(record.verdict));
      add_to(part.rules, worker.aside());
      records.push_back(std::move(record));
      const std::lock_guard lock(mutex_);
      ++done_;
      ++examined_;
      listener_.on_progress(share(), examined_, group.name + " as it is");
    }
    return add(group, part, records, name);
  }

  /// A part is added to its kernel's; one that is new, to the store.
  Outcome<void> add(const Group& group, const Sound& part, const std::vector<CaseRecord>& records,
                    const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (records.empty()) done_ += part.cases;  // of the store
    for (const CaseRecord& record : records)
      if (auto stored = store_.append(run_, record); !stored)
        return tl::unexpected<Error>(std::move(stored.error()));
    if (!records.empty())
      if (auto kept = keep(kept_kernels, name, json_of(part)); !kept) return kept;
    Sound& whole = sound_[group.name];
    add_to(whole, part);
    if (whole.cases == group.cases) listener_.on_sound(whole);
    return {};
  }

  const PowerPlan& plan_;
  const Images& images_;
  Store& store_;
  const std::int64_t run_;
  PowerListener& listener_;
  const std::atomic<bool>& stop_;

  std::mutex mutex_;
  std::map<std::string, std::string> kept_mutants_, kept_kernels_;
  std::vector<std::optional<Hunted>> hunted_;
  std::map<std::string, Sound> sound_;
  std::vector<std::string> broken_;
  std::uint64_t planned_ = 0, done_ = 0, examined_ = 0;  ///< cases; done includes what need not be
  std::optional<Error> error_;
};

}  // namespace

Outcome<PowerResult> run_power(const PowerPlan& plan, const Images& images, Store& store, std::int64_t run,
                               PowerListener& listener, const std::atomic<bool>& stop) {
  return Campaign(plan, images, store, run, listener, stop).all();
}

}  // namespace flashdiff::power
