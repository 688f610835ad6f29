#include "properties/mutants/mutant.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace flashdiff {
namespace {

namespace fs = std::filesystem;

struct Key {
  const char* name;
  std::string Mutant::*field;
};
constexpr std::array kKeys{Key{"title", &Mutant::title},       Key{"kernel", &Mutant::kernel},
                           Key{"file", &Mutant::file},         Key{"find", &Mutant::find},
                           Key{"replace", &Mutant::replace},   Key{"evidence", &Mutant::evidence},
                           Key{"expected", &Mutant::expected}, Key{"says", &Mutant::says}};

Outcome<std::string> text_of(const fs::path& path, const char* expected) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream || !text)
    return bad_input(fmt::format("{}: cannot be read, expected {}", path.string(), expected));
  return text.str();
}

}  // namespace

Outcome<Mutant> parse_mutant(std::string_view text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return bad_input(fmt::format("{}: line {}: {}", name, error.source().begin.line, error.description()));
  }
  Mutant mutant;
  mutant.name = fs::path(name).stem().string();
  for (const Key& key : kKeys) {
    const auto value = table[key.name].value<std::string>();
    // What is found may be replaced by nothing; every other key has to say something.
    const bool may_be_empty = key.field == &Mutant::replace;
    if (!value || (value->empty() && !may_be_empty))
      return bad_input(
          fmt::format("{}: no text for '{}', expected title, kernel, file, find, replace, evidence, "
                      "expected and says",
                      name, key.name));
    mutant.*key.field = *value;
  }
  std::size_t known = kKeys.size();
  if (const auto soft = table["soft"]; soft) {
    ++known;
    mutant.soft = soft.value_or(std::string());
    if (mutant.soft.find('=') == std::string::npos)
      return bad_input(fmt::format("{}: soft, expected KEY=VALUE as text, such as late-copies=on", name));
  }
  if (const auto only = table["only"]; only) {
    ++known;
    mutant.only = only.value_or(std::string());
    if (mutant.only.empty())
      return bad_input(fmt::format("{}: only, expected names of entries as text, such as f16_d32", name));
  }
  if (const auto equivalent = table["equivalent"]; equivalent) {
    ++known;
    mutant.equivalent = equivalent.value_or(std::string());
    if (mutant.equivalent.empty())
      return bad_input(fmt::format("{}: equivalent, expected the argument that no case can show it", name));
  }
  struct Number {
    const char* name;
    int Mutant::*field;
    int least;
  };
  for (const auto& [key, field, least] : {Number{"columns", &Mutant::columns, 2},
                                          {"rows", &Mutant::rows, 2},
                                          {"heads", &Mutant::heads, 1},
                                          {"sequences", &Mutant::sequences, 1}}) {
    const auto number = table[key];
    if (!number) continue;
    ++known;
    mutant.*field = static_cast<int>(number.value_or(std::int64_t{0}));
    if (mutant.*field < least)
      return bad_input(fmt::format("{}: {}, expected a number from {} on", name, key, least));
  }
  if (table.size() != known)
    return bad_input(
        fmt::format("{}: {} keys, expected the {} that a mutant has, and only, equivalent, soft, "
                    "columns, rows, heads or sequences",
                    name, table.size(), kKeys.size()));
  return mutant;
}

Outcome<Mutant> read_mutant(const fs::path& path) {
  return text_of(path, "a mutant's TOML").and_then([&](const std::string& text) {
    return parse_mutant(text, path.string());
  });
}

Outcome<std::vector<Mutant>> read_mutants(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  if (files.empty())
    return bad_input(fmt::format("{}: no mutant there, expected a folder of TOML files", folder.string()));
  std::ranges::sort(files);
  std::vector<Mutant> mutants;
  for (const fs::path& file : files) {
    Outcome<Mutant> mutant = read_mutant(file);
    if (!mutant) return tl::unexpected<Error>(std::move(mutant.error()));
    mutants.push_back(std::move(*mutant));
  }
  return mutants;
}

Outcome<std::string> planted(const Mutant& mutant, std::string_view source) {
  const std::size_t at = source.find(mutant.find);
  if (at == std::string_view::npos)
    return bad_input(fmt::format("'{}': no match for '{}' in {}, expected exactly one", mutant.title,
                                 mutant.find, mutant.file));
  if (source.find(mutant.find, at + 1) != std::string_view::npos)
    return bad_input(fmt::format("'{}': '{}' matches more than once in {}, expected exactly one match",
                                 mutant.title, mutant.find, mutant.file));
  if (mutant.find == mutant.replace)
    return bad_input(fmt::format("'{}': replaces '{}' by itself", mutant.title, mutant.find));
  std::string with_bug(source);
  with_bug.replace(at, mutant.find.size(), mutant.replace);
  return with_bug;
}

Outcome<std::string> planted_in(const fs::path& sources, const Mutant& mutant) {
  return text_of(sources / mutant.file, "a source that a mutant changes")
      .and_then([&](const std::string& source) { return planted(mutant, source); });
}

}  // namespace flashdiff
