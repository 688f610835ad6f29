#include "harness/run/record.h"

#include <string_view>

namespace flashdiff {

std::vector<std::string> relations_of(const CaseRecord& record) {
  std::vector<std::string> names;
  for (const std::string& label : record.labels)
    if (label.starts_with(relation_label))
      names.push_back(label.substr(std::string_view(relation_label).size()));
  return names;
}

}  // namespace flashdiff
