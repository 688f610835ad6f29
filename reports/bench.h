#pragma once
#include <string>
#include <vector>

#include "reports/bench_run.h"

namespace flashdiff {

/// Rows of one kind out of Google Benchmark's JSON, as a report shows them.
struct BenchTable {
  std::string kernel;                ///< "flash_forward"
  std::string title;                 ///< "Work, by shape"
  std::vector<std::string> columns;  ///< without the first one, which names the rows
  struct Row {
    std::string name;                ///< "d64/seq2048_causal"
    std::vector<std::string> cells;  ///< one a column; empty where the file has no such counter
    bool off = false;      ///< a figure is not what it should be: conflicts, spills, wasted products
    std::string note;      ///< the entry's label
    std::string behind{};  ///< where the page tells what is behind it, see bench_place.h
  };
  std::vector<Row> rows;
};

/// Of the entries `figures/...` of a run: the main loop, work by shape (what is read, where tokens are
/// decoded; what is moved, where they are appended), bounds by GPU, registers and spills; in front of them
/// those of its entries `gpu/...`, times on a GPU, and of what was timed on a processor.
[[nodiscard]] std::vector<BenchTable> bench_tables(const BenchRun& run);

/// Of a file. Errors: bad_input for one that is none of Google Benchmark, or has nothing for these tables.
[[nodiscard]] Outcome<BenchRun> read_bench(const std::filesystem::path& file);

}  // namespace flashdiff
