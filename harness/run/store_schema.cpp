#include "harness/run/store_schema.h"

#include <array>
#include <string>

namespace flashdiff::detail {
namespace {

/// What makes a store of the version before one of its own: steps[0] makes version 1 of an empty database. A
/// step that was released is never changed: stores that it made are out there. A new one is put at the end,
/// with a store of the version before in store_test.
constexpr std::array steps{
    R"(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, context TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0);
CREATE TABLE cases (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id), draw INTEGER NOT NULL, line TEXT NOT NULL,
  backend TEXT NOT NULL, device TEXT NOT NULL, options TEXT NOT NULL, kind TEXT NOT NULL, verdict TEXT NOT NULL, device_ms REAL NOT NULL,
  reference_ms REAL NOT NULL, labels TEXT NOT NULL, shrunk_from INTEGER REFERENCES cases(id),
  shrink_steps INTEGER NOT NULL);
)",
    // Text beside the cases. Programs that wrote version 1 made this table, too, once they had something to
    // keep.
    R"(
CREATE TABLE IF NOT EXISTS kept (
  kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, name));
)",
};

int version_of(SQLite::Database& sql) { return sql.execAndGet("PRAGMA user_version").getInt(); }

}  // namespace

int newest_version() { return static_cast<int>(steps.size()); }

void migrate(SQLite::Database& sql) {
  if (version_of(sql) == newest_version()) return;
  // Write-locked before the version is read: of two programs the second finds the work done.
  SQLite::Transaction whole(sql, SQLite::TransactionBehavior::IMMEDIATE);
  sql.exec("PRAGMA application_id=" + std::to_string(application_id));
  for (auto step = static_cast<std::size_t>(version_of(sql)); step < steps.size(); ++step)
    sql.exec(steps.at(step));
  sql.exec("PRAGMA user_version=" + std::to_string(newest_version()));
  whole.commit();
}

}  // namespace flashdiff::detail
