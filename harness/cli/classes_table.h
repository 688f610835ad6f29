#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace flashdiff::cli {

/// How cases are distributed, axis by axis, with the classes that none was in: what `check --classify`
/// prints. `labels`: "axis:value" -> cases.
[[nodiscard]] std::string classes_table(const std::map<std::string, std::int64_t>& labels,
                                        std::int64_t cases);

}  // namespace flashdiff::cli
