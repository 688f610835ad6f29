#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace flashdiff {

/// Two classes of a case at once, of two different axes: "phase:decode data:huge". Of the axes that decide
/// together which way a kernel takes: phase, layout, mask, dtype, d, data. Bugs that take two conditions are
/// most of those that one condition does not show (Kuhn, Wallace, Gallo: Software Fault Interactions, 2004).
[[nodiscard]] const std::vector<std::string>& all_pairs();

/// Those that a case with these labels (classify()) is in.
[[nodiscard]] std::vector<std::string> pairs_of(const std::vector<std::string>& labels);

/// Classes of one of those axes that random cases can be in: without captures, which are files.
[[nodiscard]] const std::vector<std::string>& paired_axes();

}  // namespace flashdiff
