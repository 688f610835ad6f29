#include "reports/read.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/run/crossed.h"
#include "harness/run/store.h"

namespace flashdiff {

namespace {

/// Kernel and first case of what is kept of a kernel as it is.
using Part = std::pair<std::string, std::uint64_t>;

/// What `flashdiff power` has kept. A mutant that several stores know is told as the last of them has it,
/// cases of a kernel as it is that several were asked are counted once.
Outcome<void> read_power(const Store& store, std::map<std::string, power::Hunted>& hunted,
                         std::map<Part, power::Sound>& sound) {
  const auto mutants = store.kept(power::kept_mutants), kernels = store.kept(power::kept_kernels);
  if (!mutants || !kernels) return tl::unexpected<Error>((mutants ? kernels : mutants).error());
  for (const auto& [name, text] : *mutants) {
    Outcome<power::Hunted> one = power::hunted_of(text);
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    if (one->ended) hunted[name] = std::move(*one);
  }
  for (const auto& [name, text] : *kernels) {
    Outcome<power::Sound> part = power::sound_of(text);
    if (!part) return tl::unexpected<Error>(std::move(part.error()));
    power::Sound& known = sound[{part->name, part->first}];
    if (part->cases >= known.cases) known = std::move(*part);
  }
  return {};
}

/// Of a case that several stores dispute the last one's.
Outcome<void> read_crossed(const Store& store, std::map<std::string, Crossed>& all) {
  const auto kept = store.kept(kept_crossed);
  if (!kept) return tl::unexpected<Error>(kept.error());
  for (const auto& [line, text] : *kept) {
    Outcome<Crossed> crossed = crossed_of(text);
    if (!crossed) return tl::unexpected<Error>(std::move(crossed.error()));
    all[line] = std::move(*crossed);
  }
  return {};
}

struct Opened {
  Store store;
  std::int64_t before = 0;                   ///< its ids begin behind those of the stores before it
  std::map<std::int64_t, std::size_t> runs;  ///< rows of its runs -> their number among those of all stores
};

Outcome<std::vector<Opened>> opened(std::span<const std::filesystem::path> files) {
  std::vector<Opened> all;
  std::int64_t before = 0;
  for (const std::filesystem::path& file : files) {
    Outcome<Store> store = Store::open_readonly(file);
    if (!store) return tl::unexpected<Error>(store.error());
    const Outcome<std::int64_t> last = store->last_case();
    if (!last) return tl::unexpected<Error>(last.error());
    all.push_back({std::move(*store), before, {}});
    before += *last;
  }
  return all;
}

Outcome<Summary> summary_of(const std::vector<Opened>& stores) {
  std::unordered_set<std::int64_t> shrunk;
  for (const Opened& opened : stores) {
    const auto ids = opened.store.shrunk_failures();
    if (!ids) return tl::unexpected<Error>(ids.error());
    for (const std::int64_t id : *ids) shrunk.insert(id + opened.before);
  }
  Summary summary(std::move(shrunk));
  for (const Opened& opened : stores) {
    auto read = opened.store.for_each_case_by_run([&](std::int64_t run, CaseRecord record) {
      record.id += opened.before;
      if (record.shrunk_from) *record.shrunk_from += opened.before;
      const auto number = opened.runs.find(run);
      summary.add(std::move(record), number == opened.runs.end() ? 0 : number->second);
    });
    if (!read) return tl::unexpected<Error>(read.error());
  }
  return summary;
}

}  // namespace

Outcome<std::vector<BenchRun>> read_benchmarks(std::span<const std::filesystem::path> files) {
  std::vector<BenchRun> runs;
  for (const std::filesystem::path& file : files) {
    const auto texts =
        Store::open_readonly(file).and_then([](const Store& store) { return store.kept(kept_benchmarks); });
    if (!texts) return tl::unexpected<Error>(texts.error());
    for (const auto& [name, text] : *texts) {
      Outcome<BenchRun> run =
          bench_run_of(text, fmt::format("{}: the benchmarks of {}", file.string(), name));
      if (!run) return tl::unexpected<Error>(std::move(run.error()));
      runs.push_back(std::move(*run));
    }
  }
  return runs;
}

Outcome<Report> read_stores(std::span<const std::filesystem::path> files, ReportOptions options) {
  if (files.empty()) return bad_input("no store to report on, expected at least one");
  Outcome<std::vector<Opened>> stores = opened(files);
  if (!stores) return tl::unexpected<Error>(stores.error());
  Told told;
  std::map<std::string, power::Hunted> hunted;
  std::map<Part, power::Sound> sound;
  for (auto& [store, before, numbers] : *stores) {
    Outcome<std::vector<StoredRun>> runs = store.runs();
    if (!runs) return tl::unexpected<Error>(runs.error());
    for (StoredRun& run : *runs) {
      told.finished = told.finished && run.finished;
      told.ended.push_back(run.finished);
      numbers[run.id] = told.runs.size();
      told.runs.push_back(std::move(run.context));
    }
    if (auto read = read_power(store, hunted, sound); !read) return tl::unexpected<Error>(read.error());
    if (auto read = read_crossed(store, told.crossed); !read) return tl::unexpected<Error>(read.error());
  }
  for (auto& [name, one] : hunted) told.hunted.push_back(std::move(one));
  for (const auto& [part, one] : sound) {
    if (told.sound.empty() || told.sound.back().name != one.name) told.sound.emplace_back();
    add_to(told.sound.back(), one);
  }
  return summary_of(*stores).map(
      [&](Summary summary) { return std::move(summary).report(std::move(told), std::move(options)); });
}

}  // namespace flashdiff
