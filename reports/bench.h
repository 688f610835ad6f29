#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff {

/// Rows of one kind out of Google Benchmark's JSON, as a report shows them.
struct BenchTable {
  std::string kernel;                ///< "flash_forward"
  std::string title;                 ///< "Work, by shape"
  std::vector<std::string> columns;  ///< without the first one, which names the rows
  struct Row {
    std::string name;                ///< "d64/seq2048_causal"
    std::vector<std::string> cells;  ///< one a column; empty where the file has no such counter
    bool off = false;  ///< a figure is not what it should be: conflicts, spills, wasted products
    std::string note;  ///< the entry's label
  };
  std::vector<Row> rows;
};

/// Reads what `flashdiff bench -o FILE` wrote, and makes tables of its entries `figures/...`: the main loop,
/// work by shape (what is read, where tokens are decoded), bounds by GPU, registers and spills; in front of
/// them those of its entries `gpu/...`, times on a GPU. Other entries are passed over. Errors: bad_input for
/// a file that cannot be read, is no JSON of Google Benchmark, or has no such entry.
[[nodiscard]] Outcome<std::vector<BenchTable>> read_bench(const std::filesystem::path& file);

}  // namespace flashdiff
