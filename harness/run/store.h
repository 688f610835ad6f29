#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/run/record.h"

namespace flashdiff {

/// A run as the store tells it.
struct StoredRun {
  RunContext context;
  bool finished = false;  ///< it came to its end; else it was interrupted or killed
};

/// The SQLite file (WAL): `runs`, one row a run, `cases`, one row an executed case, and `kept`, committed as
/// each ends, so that a kill loses at most the case in flight. Not thread-safe. Errors name the file:
/// bad_input for what is no store, a store of another version, no permission, a full disk.
class Store {
 public:
  /// For writing; made where there is none.
  [[nodiscard]] static Outcome<Store> open(const std::filesystem::path& file);
  [[nodiscard]] static Outcome<Store> open_readonly(const std::filesystem::path& file);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Row of the new run.
  [[nodiscard]] Outcome<std::int64_t> begin_run(const RunContext& context);
  /// Row of the case; record.id is not read.
  [[nodiscard]] Outcome<std::int64_t> append(std::int64_t run, const CaseRecord& record);
  [[nodiscard]] Outcome<void> end_run(std::int64_t run, bool finished);

  [[nodiscard]] Outcome<std::vector<StoredRun>> runs() const;
  /// What lies beside the cases, text of whoever made it, by a kind and a name: a second one replaces the
  /// first.
  [[nodiscard]] Outcome<void> keep(const std::string& kind, const std::string& name, const std::string& text);
  /// All of a kind, by name.
  [[nodiscard]] Outcome<std::map<std::string, std::string>> kept(const std::string& kind) const;

  /// In the order in which they were stored.
  [[nodiscard]] Outcome<void> for_each_case(const std::function<void(CaseRecord)>& visit) const;

 private:
  struct Database;
  explicit Store(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace flashdiff
