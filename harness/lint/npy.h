#pragma once
#include <string>
#include <string_view>

#include "harness/lint/array_reader.h"

namespace flashdiff::lint {

/// What stands in front of an .npy file's elements.
struct NpyHeader {
  Element element;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// The header's text, a literal of a Python dict with the keys descr, fortran_order and shape ("NumPy
/// Enhancement Proposal 1: A Simple File Format for NumPy Arrays"). Errors name what was found instead.
[[nodiscard]] Outcome<NpyHeader> read_npy_header(std::string_view text, const std::string& name);

/// The array of an .npy file of version 1 to 3. Errors: no such file, elements that are no numbers, fewer or
/// more bytes than its shape asks for.
[[nodiscard]] Outcome<ArrayReader> read_npy(std::unique_ptr<Source> source, const std::string& name);

}  // namespace flashdiff::lint
