#include "harness/cli/classes_table.h"

#include <fmt/format.h>

#include "properties/classify.h"
#include "reports/numbers.h"

namespace flashdiff::cli {

std::string classes_table(const std::map<std::string, std::int64_t>& labels, std::int64_t cases) {
  std::string text;
  for (const Axis& axis : axes()) {
    text += axis.name + '\n';
    for (const std::string& value : axis.values) {
      const auto found = labels.find(axis.name + ':' + value);
      const std::int64_t count = found == labels.end() ? 0 : found->second;
      text += fmt::format("  {:>8}  {:>8}  {}\n", count, percent(count, cases), value);
    }
  }
  return text;
}

}  // namespace flashdiff::cli
