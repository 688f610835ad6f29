#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "reports/templates.h"

// What `flashdiff backends --matrix --json` wrote, counted. An entry is a class of problems as one profile
// answered it: yes, no, or unasked.

namespace flashdiff::detail {

struct Count {
  std::int64_t yes = 0, no = 0, unasked = 0, built = 0, engines = 0, workspace = 0;
  [[nodiscard]] std::int64_t all() const { return yes + no + unasked; }
};
void add(const nlohmann::json& entry, Count& count);

/// The entries of a profile whose keys have these values.
[[nodiscard]] Count count_where(const nlohmann::json& profile,
                                const std::map<std::string, std::string>& where);

/// Values of a key in the order in which they come.
[[nodiscard]] std::vector<std::string> values_of(const nlohmann::json& profiles, const char* key);

/// A cell of a matrix; its count leads to the element with the id `anchor`.
[[nodiscard]] View cell_of(const Count& count, const std::string& anchor);

}  // namespace flashdiff::detail
