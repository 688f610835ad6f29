#include "properties/pairs.h"

#include <algorithm>

#include "properties/classify.h"

namespace flashdiff {

const std::vector<std::string>& paired_axes() {
  static const std::vector<std::string> names{"phase", "layout", "mask", "dtype", "d", "data"};
  return names;
}

const std::vector<std::string>& all_pairs() {
  static const std::vector<std::string> all = [] {
    std::vector<std::vector<std::string>> classes;
    for (const std::string& name : paired_axes()) {
      const auto axis = std::ranges::find(axes(), name, &Axis::name);
      std::vector<std::string>& of_axis = classes.emplace_back();
      for (const std::string& value : axis->values)
        if (value != "file") of_axis.push_back(name + ':' + value);
    }
    std::vector<std::string> pairs;
    for (std::size_t a = 0; a < classes.size(); ++a)
      for (std::size_t b = a + 1; b < classes.size(); ++b)
        for (const std::string& one : classes[a])
          for (const std::string& other : classes[b]) pairs.push_back(one + ' ' + other);
    return pairs;
  }();
  return all;
}

std::vector<std::string> pairs_of(const std::vector<std::string>& labels) {
  std::vector<std::string> classes;  // in the order of the axes
  for (const std::string& name : paired_axes())
    for (const std::string& label : labels)
      if (label.starts_with(name + ':')) classes.push_back(label);
  std::vector<std::string> pairs;
  for (std::size_t a = 0; a < classes.size(); ++a)
    for (std::size_t b = a + 1; b < classes.size(); ++b) pairs.push_back(classes[a] + ' ' + classes[b]);
  return pairs;
}

}  // namespace flashdiff
