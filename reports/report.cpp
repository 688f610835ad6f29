#include "reports/report.h"

#include "reports/read.h"
#include "reports/summarise.h"
#include "reports/write.h"

namespace flashdiff {

Outcome<ReportFiles> write_report(std::span<const std::filesystem::path> stores,
                                  const std::filesystem::path& out_dir, const ReportOptions& options) {
  return read_stores(stores).and_then(
      [&](Told told) { return write_files(summarise(std::move(told), options), out_dir); });
}

}  // namespace flashdiff
