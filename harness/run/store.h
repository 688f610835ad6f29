#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/record.h"

namespace flashdiff {

/// A run as the store tells it.
struct StoredRun {
  std::int64_t id = 0;  ///< row in the store
  RunContext context;
  bool finished = false;  ///< it came to its end; else it was interrupted or killed
};

/// What a merge came to.
struct Merged {
  std::int64_t runs = 0, cases = 0;
  std::vector<std::string> missing;  ///< "of the 4 shards of the run of seed 7, 3", a run each
};

/// The SQLite file (WAL): `runs`, one row a run, `cases`, one row an executed case, and `kept`, committed as
/// each ends, so that a kill loses at most the case in flight. Not thread-safe. Errors name the file:
/// bad_input for what is no store, a store of a newer version, no permission, a full disk.
class Store {
 public:
  /// For writing; made where there is none, and brought to the newest version of its tables where it is older
  /// (store_schema.h).
  [[nodiscard]] static Outcome<Store> open(const std::filesystem::path& file);
  [[nodiscard]] static Outcome<Store> open_readonly(const std::filesystem::path& file);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Row of the new run; with it, all or nothing, texts that are kept by kind under the row's number.
  [[nodiscard]] Outcome<std::int64_t> begin_run(const RunContext& context,
                                                const std::map<std::string, std::string>& kept = {});
  /// Row of the case; record.id is not read.
  [[nodiscard]] Outcome<std::int64_t> append(std::int64_t run, const CaseRecord& record);
  [[nodiscard]] Outcome<void> end_run(std::int64_t run, bool finished);

  [[nodiscard]] Outcome<std::vector<StoredRun>> runs() const;
  /// What lies beside the cases, text of whoever made it, by a kind and a name: a second one replaces the
  /// first.
  [[nodiscard]] Outcome<void> keep(const std::string& kind, const std::string& name, const std::string& text);
  /// All of a kind, by name.
  [[nodiscard]] Outcome<std::map<std::string, std::string>> kept(const std::string& kind) const;

  /// In the order in which they were stored; of one run, or of all.
  [[nodiscard]] Outcome<void> for_each_case(const std::function<void(CaseRecord)>& visit,
                                            std::optional<std::int64_t> run = std::nullopt) const;

  /// The same, with the row of the run that each is of.
  [[nodiscard]] Outcome<void> for_each_case_by_run(const std::function<void(std::int64_t, CaseRecord)>& visit,
                                                   std::optional<std::int64_t> run = std::nullopt) const;
  /// Number of the last case, 0 where there is none.
  [[nodiscard]] Outcome<std::int64_t> last_case() const;
  /// The failures that a smaller case was made of.
  [[nodiscard]] Outcome<std::vector<std::int64_t>> shrunk_failures() const;

  /// Writes a new store of all that several have: runs, cases, what is kept beside them. Shards of one run
  /// (one plan but for the shard's number, see resumed.h) become one run, which is finished where all of them
  /// are there and finished. `partial`: though shards are missing. Errors: those of open_readonly; bad_input
  /// where `out` is there, a shard is missing or there twice, or two stores keep different texts under one
  /// name; then there is no `out`.
  [[nodiscard]] static Outcome<Merged> merge(const std::vector<std::filesystem::path>& stores,
                                             const std::filesystem::path& out, bool partial = false);

 private:
  struct Database;
  explicit Store(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace flashdiff
