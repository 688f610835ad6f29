#include "harness/figures/source_lines.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

namespace flashdiff::figures {
namespace {

using nlohmann::json;

/// Of a memory that the line may not have touched.
void add(const json& line, const char* space, const char* unit, std::uint64_t& units, std::uint64_t& ideal) {
  const auto traffic = line.find(space);
  if (traffic == line.end()) return;
  units += traffic->at(unit).get<std::uint64_t>();
  ideal += traffic->at("ideal").get<std::uint64_t>();
}

}  // namespace

std::vector<SourceLine> source_lines(const json& kernels) {
  std::map<std::pair<std::string, int>, SourceLine> by_place;
  for (const json& kernel : kernels)
    for (const json& line : kernel.at("lines")) {
      const auto file = line.at("file").get<std::string>();
      const int number = line.at("line").get<int>();
      SourceLine& sum = by_place[{file, number}];
      sum.file = file;
      sum.line = number;
      sum.warp_instructions += line.at("instructions").at("warp").get<std::uint64_t>();
      add(line, "global", "sectors", sum.sectors, sum.ideal_sectors);
      add(line, "shared", "wavefronts", sum.wavefronts, sum.ideal_wavefronts);
    }
  std::vector<SourceLine> lines;
  for (auto& [place, line] : by_place) lines.push_back(std::move(line));
  std::ranges::stable_sort(lines, std::ranges::greater(), &SourceLine::warp_instructions);
  return lines;
}

}  // namespace flashdiff::figures
