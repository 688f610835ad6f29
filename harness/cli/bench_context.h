#pragma once
#include <filesystem>

#include "harness/outcome/outcome.h"
#include "harness/run/store.h"

namespace flashdiff::cli {

/// What a report wants to know beside Google Benchmark's figures, put into the context of its JSON (every
/// other byte of the file stays): `flashdiff_cases`, the repro line of each shape; `flashdiff_gpus`, the
/// peaks that bounds are of; `flashdiff_lines`, what the hottest lines of the kernels' sources executed, with
/// their text as it is now. Errors: bad_input for a file that cannot be read, is none of Google Benchmark, or
/// cannot be written.
[[nodiscard]] Outcome<void> add_to_context(const std::filesystem::path& json);

/// Keeps the file's text in a store, under its date and host, for a report of several runs. Errors: what
/// opening or writing the store says; bad_input for a file that is none.
[[nodiscard]] Outcome<void> keep_benchmarks(const std::filesystem::path& json, Store& store);

}  // namespace flashdiff::cli
