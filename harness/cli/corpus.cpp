#include "harness/cli/corpus.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "properties/random_cases.h"
#include "properties/simpler.h"

namespace flashdiff::cli {

namespace fs = std::filesystem;

Outcome<std::vector<Case>> read_corpus(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.path().extension() == ".cases") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const fs::path& file : files) {
    std::ifstream lines(file);
    if (!lines) return bad_input(fmt::format("{}: cannot be read, expected a file of cases", file.string()));
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      const auto first = line.find_first_not_of(" \t\r");
      if (first == std::string::npos || line[first] == '#') continue;
      const auto found = parse_case(line.substr(first, line.find_last_not_of(" \t\r") + 1 - first));
      if (!found) return bad_input(fmt::format("{}:{}: {}", file.string(), number, found.error().what));
      cases.push_back(*found);
    }
  }
  return cases;
}

std::optional<Drawn> ListedCases::draw(std::uint64_t index) {
  if (index >= cases_.size()) return std::nullopt;
  return drawn(shrinkable(cases_[index]));
}

}  // namespace flashdiff::cli
