#include "reports/report.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "reports/known.h"
#include "reports/performance.h"
#include "reports/read.h"
#include "reports/support.h"
#include "reports/write.h"

namespace flashdiff {

Outcome<ReportFiles> write_report(std::span<const std::filesystem::path> stores,
                                  const std::filesystem::path& out_dir, const ReportOptions& options) {
  std::vector<BenchRun> bench;
  for (const std::filesystem::path& file : options.bench) {
    Outcome<BenchRun> run = read_bench(file);
    if (!run) return tl::unexpected<Error>(std::move(run.error()));
    bench.push_back(std::move(*run));
  }
  std::vector<GenerationTable> generation;
  for (const std::filesystem::path& file : options.generation) {
    Outcome<GenerationTable> table = read_generation(file);
    if (!table) return tl::unexpected<Error>(std::move(table.error()));
    generation.push_back(std::move(*table));
  }
  std::vector<KnownFinding> known;
  for (const std::filesystem::path& file : options.known) {
    Outcome<std::vector<KnownFinding>> found = read_known(file);
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    std::ranges::move(*found, std::back_inserter(known));
  }
  std::string support;
  if (!options.support.empty()) {
    std::ifstream file(options.support, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    Outcome<std::string> section = support_section(text);
    if (!section) return bad_input(options.support.string() + ": " + section.error().what);
    support = std::move(*section);
  }
  Outcome<std::vector<BenchRun>> kept = read_benchmarks(stores);
  if (!kept) return tl::unexpected<Error>(std::move(kept.error()));
  std::ranges::move(*kept, std::back_inserter(bench));
  return read_stores(stores, options).and_then([&](Report report) {
    add_bench(report, std::move(bench));
    report.generation = std::move(generation);
    report.known = std::move(known);
    report.support = std::move(support);
    return write_files(report, out_dir);
  });
}

}  // namespace flashdiff
