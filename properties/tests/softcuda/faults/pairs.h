#pragma once
#include <cstdint>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/// The pairs of this folder's kernels, read from their own comments (races.cu says how they are written).
namespace softcuda::testing {

struct Pair {
  std::string file;  ///< without ".cu"
  std::string name;
  std::uint32_t grid = 1, block = 32;
  bool cooperative = false;
  std::map<int, std::set<std::string>> faults;  ///< line -> kinds
  std::set<int> others;                         ///< lines of other sides

  [[nodiscard]] bool marked(int line) const { return faults.contains(line) || others.contains(line); }
};

inline void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.file << ".cu, " << pair.name; }

inline std::vector<Pair> pairs_of(const std::string& file) {
  std::ifstream text(std::string(KERNELS) + "/" + file + ".cu");
  std::vector<Pair> pairs;
  std::string line;
  static const std::regex head(R"(PAIR (\w+): grid (\d+), block (\d+)(, cooperative)?)"),
      fault(R"(FAULT((?: [a-z_]+)+))");
  for (int number = 1; std::getline(text, line); ++number) {
    std::smatch found;
    if (std::regex_search(line, found, head)) {
      pairs.push_back({file,
                       found[1],
                       static_cast<std::uint32_t>(std::stoul(found[2])),
                       static_cast<std::uint32_t>(std::stoul(found[3])),
                       found[4].matched,
                       {},
                       {}});
      continue;
    }
    if (pairs.empty() || line.rfind("//", 0) == 0) continue;
    if (std::regex_search(line, found, fault)) {
      std::istringstream kinds(found[1]);
      for (std::string kind; kinds >> kind;) pairs.back().faults[number].insert(kind);
    }
    if (line.find("OTHER") != std::string::npos) pairs.back().others.insert(number);
  }
  return pairs;
}

inline std::vector<Pair> all_pairs() {
  std::vector<Pair> all;
  for (const char* file : {"races", "copies", "blocks", "grids", "unwritten", "synchronisation", "memory"}) {
    for (Pair& pair : pairs_of(file)) all.push_back(std::move(pair));
  }
  return all;
}

}  // namespace softcuda::testing
