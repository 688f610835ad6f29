#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "harness/run/store_database.h"
#include "harness/run/store_schema.h"
#include "harness/run/verdict_json.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void put(SQLite::Database& sql, const std::string& kind, const std::string& name, const std::string& text) {
  SQLite::Statement insert(sql, "INSERT OR REPLACE INTO kept(kind, name, text) VALUES (?,?,?)");
  insert.bind(1, kind);
  insert.bind(2, name);
  insert.bind(3, text);
  insert.exec();
}

/// The strings of a context, by their names in the store.
template <class Context, class Visit>
void for_each_field(Context& c, Visit visit) {
  visit("flashdiff", c.flashdiff_version);
  visit("commit", c.commit);
  visit("host", c.host);
  visit("cpu", c.cpu);
  visit("os", c.os);
  visit("compiler", c.compiler);
  visit("nvcc", c.nvcc);
  visit("device", c.device);
  visit("driver", c.driver);
  visit("command", c.command_line);
  visit("started", c.started_utc);
}

std::string text_of(const RunContext& context) {
  json j;
  for_each_field(context, [&j](const char* name, const std::string& value) { j[name] = value; });
  j["seed"] = context.seed;
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}
RunContext context_of(const std::string& text) {
  const json j = json::parse(text);
  RunContext context;
  for_each_field(context, [&j](const char* name, std::string& value) { value = j.value(name, ""); });
  context.seed = j.value("seed", std::uint64_t{0});
  return context;
}

/// Names in a JSON array. There are thirty a case, which a reader of JSON takes longer for than for all else:
/// plain ones are cut out, others are left to it.
std::vector<std::string> names_of(std::string_view text) {
  std::vector<std::string> names;
  const bool plain = text.size() >= 4 && text.starts_with("[\"") && text.ends_with("\"]");
  if (!plain || text.find('\\') != std::string_view::npos)
    return json::parse(text).get<std::vector<std::string>>();
  for (std::size_t begin = 2;;) {
    const std::size_t end = text.find('"', begin);
    names.emplace_back(text.substr(begin, end - begin));
    if (end + 2 == text.size()) return names;
    if (text.substr(end, 3) != "\",\"") return json::parse(text).get<std::vector<std::string>>();
    begin = end + 3;
  }
}

}  // namespace

namespace detail {

Error explained(const fs::path& file, const SQLite::Exception& e) {
  switch (e.getErrorCode()) {
    case SQLITE_FULL: return {ErrorKind::bad_input, fmt::format("{}: the disk is full", file.string()), {}};
    case SQLITE_CANTOPEN:
      return {ErrorKind::bad_input,
              fmt::format("{}: cannot be opened: no such folder, or no permission; expected a store, or a "
                          "folder to make one in",
                          file.string()),
              {}};
    case SQLITE_READONLY:
      return {ErrorKind::bad_input, fmt::format("{}: no permission to write", file.string()), {}};
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {
          ErrorKind::bad_input,
          fmt::format(
              "{}: not a store, or a damaged one ({}); expected a file that `flashdiff check --store` wrote",
              file.string(), e.what()),
          {}};
    case SQLITE_IOERR:  // a file-size limit and some full disks say this
      return {ErrorKind::bad_input,
              fmt::format("{}: cannot be read or written ({})", file.string(), e.what()),
              {}};
    default: return {ErrorKind::harness, fmt::format("{}: {}", file.string(), e.what()), {}};
  }
}

}  // namespace detail

int Store::Database::pragma(const char* name) {
  return sql.execAndGet(fmt::format("PRAGMA {}", name)).getInt();
}

Outcome<void> Store::Database::check() {
  const auto found = guarded([this] { return std::pair(pragma("application_id"), pragma("user_version")); });
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->first != detail::application_id)
    return bad_input(
        fmt::format("{}: not a store; expected a file that `flashdiff check --store` wrote", file.string()));
  if (const int newest = detail::newest_version(); found->second > newest)
    return bad_input(fmt::format("{}: a store of version {}, expected at most {}: a newer flashdiff wrote it",
                                 file.string(), found->second, newest));
  return {};
}

Store::Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Outcome<Store> Store::open(const fs::path& file) {
  try {
    auto made = std::make_unique<Database>(Database{
        file, SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 10'000)});
    const auto empty = made->guarded(
        [&] { return made->sql.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0; });
    if (!empty) return tl::unexpected<Error>(empty.error());
    if (*empty && made->pragma("application_id") == 0) {
      made->sql.exec("PRAGMA journal_mode=WAL");
      detail::migrate(made->sql);
    }
    if (auto good = made->check(); !good) return tl::unexpected<Error>(good.error());
    detail::migrate(made->sql);
    // A killed process loses nothing; only a lost machine may lose the last cases.
    made->sql.exec("PRAGMA synchronous=NORMAL");
    return Store(std::move(made));
  } catch (const SQLite::Exception& e) {
    return tl::unexpected<Error>(detail::explained(file, e));
  }
}

Outcome<Store> Store::open_readonly(const fs::path& file) {
  std::error_code none;
  if (!fs::is_regular_file(file, none))
    return bad_input(fmt::format("{}: no such file; expected a store that `flashdiff check --store` wrote",
                                 file.string()));
  try {
    auto made = std::make_unique<Database>(
        Database{file, SQLite::Database(file.string(), SQLite::OPEN_READONLY, 10'000)});
    if (auto good = made->check(); !good) return tl::unexpected<Error>(good.error());
    return Store(std::move(made));
  } catch (const SQLite::Exception& e) {
    return tl::unexpected<Error>(detail::explained(file, e));
  }
}

Outcome<std::int64_t> Store::begin_run(const RunContext& context,
                                       const std::map<std::string, std::string>& kept) {
  return database_->guarded([&]() -> std::int64_t {
    SQLite::Transaction whole(database_->sql);
    SQLite::Statement insert(database_->sql, "INSERT INTO runs(context) VALUES (?)");
    insert.bind(1, text_of(context));
    insert.exec();
    const std::int64_t run = database_->sql.getLastInsertRowid();
    for (const auto& [kind, text] : kept) put(database_->sql, kind, std::to_string(run), text);
    whole.commit();
    return run;
  });
}

Outcome<std::int64_t> Store::append(std::int64_t run, const CaseRecord& record) {
  return database_->guarded([&]() -> std::int64_t {
    SQLite::Statement insert(
        database_->sql,
        "INSERT INTO cases(run, draw, line, backend, device, kind, verdict, device_ms, reference_ms, "
        "labels, shrunk_from, shrink_steps, options) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)");
    const auto words = [](const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); };
    insert.bind(1, run);
    insert.bind(2, static_cast<std::int64_t>(record.index));
    insert.bind(3, record.line);
    insert.bind(4, record.backend);
    insert.bind(5, record.device);
    insert.bind(6, name_of(record.verdict));
    insert.bind(7, words(json_of(record.verdict)));
    insert.bind(8, record.device_ms);
    insert.bind(9, record.reference_ms);
    insert.bind(10, words(record.labels));
    if (record.shrunk_from) insert.bind(11, *record.shrunk_from);
    insert.bind(12, record.shrink_steps);
    insert.bind(13, record.repro_options);
    insert.exec();
    return database_->sql.getLastInsertRowid();
  });
}

Outcome<void> Store::end_run(std::int64_t run, bool finished) {
  return database_->guarded([&] {
    SQLite::Statement update(database_->sql, "UPDATE runs SET finished=? WHERE id=?");
    update.bind(1, finished ? 1 : 0);
    update.bind(2, run);
    update.exec();
  });
}

Outcome<std::vector<StoredRun>> Store::runs() const {
  return database_->guarded([&] {
    std::vector<StoredRun> runs;
    SQLite::Statement select(database_->sql, "SELECT id, context, finished FROM runs ORDER BY id");
    while (select.executeStep())
      runs.push_back({select.getColumn(0).getInt64(), context_of(select.getColumn(1).getString()),
                      select.getColumn(2).getInt() != 0});
    return runs;
  });
}

Outcome<void> Store::keep(const std::string& kind, const std::string& name, const std::string& text) {
  return database_->guarded([&] { put(database_->sql, kind, name, text); });
}

Outcome<std::map<std::string, std::string>> Store::kept(const std::string& kind) const {
  return database_->guarded([&] {
    std::map<std::string, std::string> found;
    if (!database_->sql.tableExists("kept")) return found;
    SQLite::Statement select(database_->sql, "SELECT name, text FROM kept WHERE kind=?");
    select.bind(1, kind);
    while (select.executeStep()) found[select.getColumn(0).getString()] = select.getColumn(1).getString();
    return found;
  });
}

Outcome<std::int64_t> Store::last_case() const {
  return database_->guarded(
      [&] { return database_->sql.execAndGet("SELECT ifnull(max(id), 0) FROM cases").getInt64(); });
}

Outcome<std::vector<std::int64_t>> Store::shrunk_failures() const {
  return database_->guarded([&] {
    std::vector<std::int64_t> failures;
    SQLite::Statement select(database_->sql,
                             "SELECT shrunk_from FROM cases WHERE shrunk_from IS NOT NULL ORDER BY id");
    while (select.executeStep()) failures.push_back(select.getColumn(0).getInt64());
    return failures;
  });
}

Outcome<void> Store::for_each_case(const std::function<void(CaseRecord)>& visit,
                                   std::optional<std::int64_t> run) const {
  return for_each_case_by_run([&visit](std::int64_t, CaseRecord record) { visit(std::move(record)); }, run);
}

Outcome<void> Store::for_each_case_by_run(const std::function<void(std::int64_t, CaseRecord)>& visit,
                                          std::optional<std::int64_t> run) const {
  Outcome<void> damaged;
  auto read = database_->guarded([&] {
    SQLite::Statement select(
        database_->sql,
        "SELECT id, draw, line, backend, device, verdict, device_ms, reference_ms, labels, shrunk_from, "
        "shrink_steps, options, run FROM cases WHERE run = ifnull(?, run) ORDER BY id");
    if (run) select.bind(1, *run);
    while (select.executeStep()) {
      CaseRecord record;
      record.id = select.getColumn(0).getInt64();
      record.index = static_cast<std::uint64_t>(select.getColumn(1).getInt64());
      record.line = select.getColumn(2).getString();
      record.backend = select.getColumn(3).getString();
      record.device = select.getColumn(4).getString();
      Outcome<Verdict> verdict = verdict_of_json(json::parse(select.getColumn(5).getString()));
      if (!verdict) {
        damaged = bad_input(
            fmt::format("{}: case {}: {}", database_->file.string(), record.id, verdict.error().what));
        return;
      }
      record.verdict = std::move(*verdict);
      record.device_ms = select.getColumn(6).getDouble();
      record.reference_ms = select.getColumn(7).getDouble();
      record.labels = names_of(select.getColumn(8).getString());
      if (!select.getColumn(9).isNull()) record.shrunk_from = select.getColumn(9).getInt64();
      record.shrink_steps = select.getColumn(10).getInt();
      record.repro_options = select.getColumn(11).getString();
      visit(select.getColumn(12).getInt64(), std::move(record));
    }
  });
  if (!read) return read;
  return damaged;
}

}  // namespace flashdiff
