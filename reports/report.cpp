#include "reports/report.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "reports/read.h"
#include "reports/support.h"
#include "reports/write.h"

namespace flashdiff {

Outcome<ReportFiles> write_report(std::span<const std::filesystem::path> stores,
                                  const std::filesystem::path& out_dir, const ReportOptions& options) {
  std::vector<BenchTable> bench;
  for (const std::filesystem::path& file : options.bench) {
    Outcome<std::vector<BenchTable>> tables = read_bench(file);
    if (!tables) return tl::unexpected<Error>(std::move(tables.error()));
    std::ranges::move(*tables, std::back_inserter(bench));
  }
  std::vector<GenerationTable> generation;
  for (const std::filesystem::path& file : options.generation) {
    Outcome<GenerationTable> table = read_generation(file);
    if (!table) return tl::unexpected<Error>(std::move(table.error()));
    generation.push_back(std::move(*table));
  }
  std::string support;
  if (!options.support.empty()) {
    std::ifstream file(options.support, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    Outcome<std::string> section = support_section(text);
    if (!section) return bad_input(options.support.string() + ": " + section.error().what);
    support = std::move(*section);
  }
  return read_stores(stores, options).and_then([&](Report report) {
    report.bench = std::move(bench);
    report.generation = std::move(generation);
    report.support = std::move(support);
    return write_files(report, out_dir);
  });
}

}  // namespace flashdiff
