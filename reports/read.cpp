#include "reports/read.h"

#include <algorithm>

#include "harness/run/store.h"

namespace flashdiff {

Outcome<Told> read_stores(std::span<const std::filesystem::path> stores) {
  if (stores.empty()) return bad_input("no store to report on, expected at least one");
  Told told;
  std::int64_t before = 0, largest = 0;  // ids of this store begin behind those of the stores before it
  const auto take = [&](CaseRecord record) {
    record.id += before;
    if (record.shrunk_from) *record.shrunk_from += before;
    largest = std::max(largest, record.id);
    told.records.push_back(std::move(record));
  };
  for (const std::filesystem::path& file : stores) {
    const Outcome<Store> store = Store::open_readonly(file);
    if (!store) return tl::unexpected<Error>(store.error());
    Outcome<std::vector<StoredRun>> runs = store->runs();
    if (!runs) return tl::unexpected<Error>(runs.error());
    for (StoredRun& run : *runs) {
      told.finished = told.finished && run.finished;
      told.runs.push_back(std::move(run.context));
    }
    if (auto read = store->for_each_case(take); !read) return tl::unexpected<Error>(read.error());
    before = largest;
  }
  return told;
}

}  // namespace flashdiff
