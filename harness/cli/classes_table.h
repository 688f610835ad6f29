#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace flashdiff::cli {

/// How cases are distributed, axis by axis, with the classes that none was in, and which pairs of classes
/// (properties/pairs.h) none was in: what `check --classify` prints. Keys: "axis:value" and "axis:value
/// axis:value"; values: cases.
using Counts = std::map<std::string, std::int64_t>;
[[nodiscard]] std::string classes_table(const Counts& labels, const Counts& pairs, std::int64_t cases);

}  // namespace flashdiff::cli
