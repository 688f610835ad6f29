#include "reports/generation.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace flashdiff {
namespace {

using nlohmann::json;

constexpr const char* kGenerationFormat = "flashdiff-generation 1";

GenerationCell cell_of(const json& from) {
  GenerationCell cell{from.at("side"), from.at("stage"), from.at("verdict"), from.at("words"), "", {}};
  if (const std::string line = from.value("case", ""); !line.empty())
    cell.call = from.value("backend", "") + ": " + line;
  if (from.contains("first"))
    for (const json& slot : from.at("first").at("slots"))
      cell.slots.push_back({!slot.at("token").is_null(), slot.at("seen"), slot.at("wanted")});
  return cell;
}

void note(const std::string& word, std::vector<std::string>& words) {
  if (std::ranges::find(words, word) == words.end()) words.push_back(word);
}

GenerationTable table_of(const json& from) {
  GenerationTable table;
  table.what = fmt::format("prompts of {} tokens, {} decode steps, chunks of {} columns; {}",
                           fmt::join(from.at("prompts").get<std::vector<int>>(), ", "),
                           from.at("decode_steps").get<int>(), from.at("chunk").get<int>(),
                           from.at("device").get<std::string>());
  table.command = from.value("command", "");
  for (const json& how : from.at("conventions")) {
    GenerationConvention one{how.at("name"), how.at("who"), how.at("instead"), {}};
    for (const json& cell : how.at("cells")) {
      one.cells.push_back(cell_of(cell));
      note(one.cells.back().side, table.sides);
      note(one.cells.back().stage, table.stages);
    }
    table.conventions.push_back(std::move(one));
  }
  return table;
}

}  // namespace

Outcome<GenerationTable> read_generation(const std::filesystem::path& file) {
  constexpr const char* kExpected = "expected what `flashdiff generate --json FILE` wrote";
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad_input(fmt::format("{}: cannot be read, {}", file.string(), kExpected));
  std::stringstream text;
  text << in.rdbuf();
  const json all = json::parse(text.str(), nullptr, false);
  if (!all.is_object() || all.value("format", json()) != kGenerationFormat)
    return bad_input(fmt::format("{}: is no {}, {}", file.string(), kGenerationFormat, kExpected));
  try {
    GenerationTable table = table_of(all);
    const std::size_t cells = table.sides.size() * table.stages.size();
    for (const GenerationConvention& how : table.conventions)
      if (how.cells.size() != cells)
        return bad_input(fmt::format("{}: '{}' has {} cells of {}, {}", file.string(), how.name,
                                     how.cells.size(), cells, kExpected));
    return table;
  } catch (const json::exception& error) {
    return bad_input(fmt::format("{}: {}, {}", file.string(), error.what(), kExpected));
  }
}

}  // namespace flashdiff
