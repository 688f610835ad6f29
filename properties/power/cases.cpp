#include "properties/power/cases.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

#include "harness/problem/names.h"

namespace flashdiff::power {

Outcome<CaseOptions> cases_for(const Mutant& mutant) {
  CaseOptions options;
  if (mutant.only.empty()) return options;
  options.largest_head_dim = 0;
  std::istringstream entries(mutant.only);
  for (std::string entry; entries >> entry;) {
    const std::size_t at = entry.find("_d");
    const auto dtype = named<DType>(entry.substr(0, at));
    int dim = 0;
    if (at != std::string::npos) std::from_chars(entry.data() + at + 2, entry.data() + entry.size(), dim);
    if (!dtype || dim < 1)
      return bad_input(
          fmt::format("'{}': only, '{}' names no entry, expected a dtype and a head dim such as f16_d32",
                      mutant.title, entry));
    options.dtypes.push_back(*dtype);
    options.largest_head_dim = std::max(options.largest_head_dim, dim);
  }
  return options;
}

}  // namespace flashdiff::power
