#include <algorithm>
#include <map>
#include <set>

#include <fmt/ranges.h>

#include "harness/run/crossed.h"
#include "harness/run/resumed.h"
#include "harness/run/store_database.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A run of a part, and where it belongs: shards of one run share all but their number.
struct Part {
  fs::path store;
  StoredRun run;
  std::string plan;   ///< empty: not a check's, or of a program that kept none
  std::string whole;  ///< the plan without its shard
  std::uint64_t number = 1, of = 1;
};

Part part_of(const fs::path& store, StoredRun run, const std::string& plan) {
  Part part{store, std::move(run), plan, plan, 1, 1};
  json told = json::parse(plan, nullptr, false);
  if (!told.is_object() || !told.contains("shard")) return part;
  part.number = told["shard"].value("number", std::uint64_t{1});
  part.of = told["shard"].value("of", std::uint64_t{1});
  told.erase("shard");
  part.whole = told.dump();
  return part;
}

/// All runs of all stores, in order. Errors: those of open_readonly.
Outcome<std::vector<Part>> parts_of(const std::vector<fs::path>& stores) {
  std::vector<Part> parts;
  for (const fs::path& file : stores) {
    const auto store = Store::open_readonly(file);
    if (!store) return tl::unexpected<Error>(store.error());
    auto runs = store->runs();
    const auto plans = store->kept(kept_plans);
    if (!runs) return tl::unexpected<Error>(runs.error());
    if (!plans) return tl::unexpected<Error>(plans.error());
    for (StoredRun& run : *runs) {
      const auto plan = plans->find(std::to_string(run.id));
      parts.push_back(part_of(file, std::move(run), plan == plans->end() ? "" : plan->second));
    }
  }
  return parts;
}

/// Parts that become one run.
struct Whole {
  std::vector<const Part*> parts;
  std::set<std::uint64_t> numbers;
  std::int64_t run = 0;
  [[nodiscard]] std::string missing() const {
    std::string words;
    for (std::uint64_t number = 1; number <= parts.front()->of; ++number)
      if (!numbers.contains(number)) words += fmt::format("{}{}", words.empty() ? "" : ", ", number);
    return words;
  }
  [[nodiscard]] bool finished() const {
    return missing().empty() &&
           std::ranges::all_of(parts, [](const Part* part) { return part->run.finished; });
  }
};

/// Errors (bad_input): a shard that is there twice.
Outcome<std::vector<Whole>> wholes_of(const std::vector<Part>& parts) {
  std::vector<Whole> wholes;
  for (const Part& part : parts) {
    const auto found = std::ranges::find_if(wholes, [&](const Whole& whole) {
      return part.of > 1 && whole.parts.front()->of == part.of && whole.parts.front()->whole == part.whole;
    });
    Whole& whole = found != wholes.end() ? *found : wholes.emplace_back();
    if (!whole.numbers.insert(part.number).second)
      return bad_input(fmt::format("{}: shard {} of {} of seed {}, expected each shard once",
                                   part.store.string(), part.number, part.of, part.run.context.seed));
    whole.parts.push_back(&part);
  }
  return wholes;
}

/// The plan of a whole run: of one that is no shard, or whose shards are not all there, its part's own.
std::string plan_of(const Whole& whole) {
  return whole.finished() ? whole.parts.front()->whole : whole.parts.front()->plan;
}

void copy_cases(SQLite::Database& sql, std::int64_t from, std::int64_t to) {
  const std::int64_t offset = sql.execAndGet("SELECT ifnull(max(id), 0) FROM main.cases").getInt64();
  SQLite::Statement copy(
      sql,
      "INSERT INTO main.cases(id, run, draw, line, backend, device, options, kind, verdict, "
      "device_ms, reference_ms, labels, shrunk_from, shrink_steps) "
      "SELECT id + ?1, ?2, draw, line, backend, device, options, kind, verdict, device_ms, "
      "reference_ms, labels, shrunk_from + ?1, shrink_steps FROM part.cases WHERE run = ?3 "
      "ORDER BY id");
  copy.bind(1, offset);
  copy.bind(2, to);
  copy.bind(3, from);
  copy.exec();
}

/// What is kept beside cases, but for what a run's row names. Returns a name that stands for two things.
std::string copy_kept(SQLite::Database& sql) {
  const bool there =
      sql.execAndGet("SELECT count(*) FROM part.sqlite_master WHERE name = 'kept'").getInt() > 0;
  if (!there) return "";
  SQLite::Statement clash(
      sql,
      "SELECT p.kind || ' ' || p.name FROM part.kept p JOIN main.kept m USING (kind, name) "
      "WHERE p.text <> m.text AND p.kind NOT IN (?1, ?2, ?3) LIMIT 1");
  clash.bind(1, kept_plans);
  clash.bind(2, kept_writers);
  clash.bind(3, kept_crossed);  // two nights may dispute one case: the first is as good
  if (clash.executeStep()) return clash.getColumn(0).getString();
  SQLite::Statement copy(
      sql,
      "INSERT OR IGNORE INTO main.kept(kind, name, text) SELECT kind, name, text FROM part.kept "
      "WHERE kind NOT IN (?1, ?2)");
  copy.bind(1, kept_plans);
  copy.bind(2, kept_writers);
  copy.exec();
  return "";
}

Outcome<void> begin_whole(Whole& whole, Store& store) {
  std::map<std::string, std::string> kept;
  if (std::string plan = plan_of(whole); !plan.empty()) kept.emplace(kept_plans, std::move(plan));
  return store.begin_run(whole.parts.front()->run.context, kept).map([&](std::int64_t run) {
    whole.run = run;
  });
}

/// All cases of one file, and what it keeps.
template <class Database>
Outcome<void> take_in(const fs::path& file, const std::vector<Whole>& wholes, Database& into) {
  SQLite::Database& sql = into.sql;
  std::string clash;
  auto taken = into.guarded([&] {
    SQLite::Statement attach(sql, "ATTACH ? AS part");
    attach.bind(1, file.string());
    attach.exec();
    SQLite::Transaction all(sql);
    for (const Whole& whole : wholes)
      for (const Part* part : whole.parts)
        if (part->store == file) copy_cases(sql, part->run.id, whole.run);
    clash = copy_kept(sql);
    all.commit();
  });
  if (!taken) return taken;
  if (!clash.empty())
    return bad_input(fmt::format("{}: keeps another '{}' than a store before it, expected the same",
                                 file.string(), clash));
  return into.guarded([&] { sql.exec("DETACH part"); });
}

}  // namespace

Outcome<Merged> Store::merge(const std::vector<fs::path>& stores, const fs::path& out, bool partial) {
  std::error_code none;
  if (fs::exists(out, none))
    return bad_input(fmt::format("{}: is there already, expected a new file", out.string()));
  for (std::size_t i = 0; i < stores.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (fs::equivalent(stores[i], stores[j], none))
        return bad_input(fmt::format("{}: given twice, expected each store once", stores[i].string()));
  const auto parts = parts_of(stores);
  if (!parts) return tl::unexpected<Error>(parts.error());
  auto wholes = wholes_of(*parts);
  if (!wholes) return tl::unexpected<Error>(wholes.error());
  Merged merged;
  for (const Whole& whole : *wholes) {
    ++merged.runs;
    const std::string missing = whole.missing();
    if (missing.empty()) continue;
    merged.missing.push_back(fmt::format("of the {} shards of the run of seed {}, {}",
                                         whole.parts.front()->of, whole.parts.front()->run.context.seed,
                                         missing));
  }
  if (!merged.missing.empty() && !partial)
    return bad_input(fmt::format("missing: {}; expected their stores, too (--partial takes what is there)",
                                 fmt::join(merged.missing, "; ")));
  // A file of its own until all is in it: what is called `out` is whole.
  const fs::path part = out.string() + ".part";
  fs::remove(part, none);
  auto taken = Store::open(part).and_then([&](Store store) -> Outcome<std::int64_t> {
    for (Whole& whole : *wholes)
      if (auto begun = begin_whole(whole, store); !begun) return tl::unexpected<Error>(begun.error());
    for (const fs::path& file : stores)
      if (auto done = take_in(file, *wholes, *store.database_); !done)
        return tl::unexpected<Error>(done.error());
    for (const Whole& whole : *wholes)
      if (auto ended = store.end_run(whole.run, whole.finished()); !ended)
        return tl::unexpected<Error>(ended.error());
    return store.database_->guarded([&] {
      store.database_->sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      return store.database_->sql.execAndGet("SELECT count(*) FROM cases").getInt64();
    });
  });
  if (taken) {
    std::error_code failed;
    fs::rename(part, out, failed);
    if (!failed) {
      merged.cases = *taken;
      return merged;
    }
    taken = bad_input(fmt::format("{}: cannot be written ({})", out.string(), failed.message()));
  }
  for (const char* tail : {"", "-wal", "-shm"}) fs::remove(part.string() + tail, none);
  return tl::unexpected<Error>(taken.error());
}

}  // namespace flashdiff
