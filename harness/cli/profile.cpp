#include "harness/cli/profile.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "reports/text.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;

/// Of `check` those that say what is checked; where to, by how many workers and how it is told is the
/// night's.
constexpr std::array kCheckKeys{
    "pass",  "backend",   "layout",          "dtype", "mask",        "data",    "page",
    "soft",  "seed",      "cases",           "time",  "activations", "timeout", "device",
    "image", "relations", "largest-head-dim"};

/// A table of the file, whose keys are asked for one by one; what nobody asked for is unknown.
class Table {
 public:
  Table(const toml::table& table, std::string where) : table_(&table), where_(std::move(where)) {}

  template <class Value>
  void take(const char* key, Value& into, const char* expected) {
    known_.emplace_back(key);
    const toml::node* node = table_->get(key);
    if (node == nullptr) return;
    if (const auto value = node->value_exact<Value>())
      into = *value;
    else
      wrong(fmt::format("'{}', expected {}", key, expected));
  }
  void take(const char* key, int& into, const char* expected) {
    std::int64_t number = into;
    take(key, number, expected);
    if (number < 1 || number > 1'000'000) wrong(fmt::format("'{}', expected {}", key, expected));
    into = static_cast<int>(number);
  }
  void take(const char* key, std::vector<std::string>& into, const char* expected) {
    known_.emplace_back(key);
    const toml::node* node = table_->get(key);
    if (node == nullptr) return;
    if (!node->is_array() || !node->as_array()->is_homogeneous(toml::node_type::string))
      wrong(fmt::format("'{}', expected {}", key, expected));
    else
      for (const toml::node& one : *node->as_array()) into.push_back(*one.value<std::string>());
  }
  const toml::table* table(const char* key) {
    known_.emplace_back(key);
    const toml::node* node = table_->get(key);
    if (node != nullptr && !node->is_table()) wrong(fmt::format("'{0}', expected a table [{0}]", key));
    return node == nullptr ? nullptr : node->as_table();
  }
  const toml::array* tables(const char* key) {
    known_.emplace_back(key);
    const toml::node* node = table_->get(key);
    if (node != nullptr && !(node->is_array() && node->as_array()->is_homogeneous(toml::node_type::table)))
      wrong(fmt::format("'{0}', expected tables [[{0}]]", key));
    return node == nullptr ? nullptr : node->as_array();
  }
  void wrong(const std::string& what) {
    if (error_.empty()) error_ = where_ + ": " + what;
  }
  /// The first thing that is wrong; an unknown key, too.
  [[nodiscard]] std::string error() {
    for (const auto& [key, value] : *table_)
      if (std::ranges::find(known_, key.str()) == known_.end())
        wrong(fmt::format("unknown key '{}', expected some of: {}", key.str(), fmt::join(known_, ", ")));
    return error_;
  }

 private:
  const toml::table* table_;
  std::string where_, error_;
  std::vector<std::string> known_;
};

std::string word_of(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  std::ostringstream text;
  if (node.is_integer() || node.is_floating_point())
    node.visit([&text](const auto& value) { text << value; });
  return text.str();
}

/// The table as the command line that it stands for, read by check's own parser: the same names, the same
/// words.
std::string take_check(const toml::table& table, const std::string& where, const std::string& device,
                       CheckOptions& options) {
  std::vector<std::string> words;
  for (const auto& [key, value] : table) {
    if (std::ranges::find(kCheckKeys, key.str()) == kCheckKeys.end())
      return fmt::format("{}: unknown key '{}', expected some of: {}", where, key.str(),
                         fmt::join(kCheckKeys, ", "));
    if (const toml::array* several = value.as_array())
      for (const toml::node& one : *several) words.push_back(fmt::format("--{}={}", key.str(), word_of(one)));
    else
      words.push_back(fmt::format("--{}={}", key.str(), word_of(value)));
  }
  if (!table.contains("device")) words.push_back("--device=" + device);
  CLI::App app;
  add_check_options(app, options);
  std::ranges::reverse(words);  // CLI11 takes the last one first
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return fmt::format("{}: {}", where, one_line(error.what()));
  }
  if (!options.cases && options.seconds == 0 && options.activations.empty())
    return fmt::format("{}: no end, expected time or cases", where);
  return "";
}

std::string take_all(const toml::table& root, const std::string& file, const std::string& device,
                     Profile& profile) {
  Table top(root, file);
  top.take("title", profile.title, "text");
  top.take("device", profile.device, "auto, gpu or soft");
  if (const auto known = {"auto", "gpu", "soft"}; std::ranges::find(known, profile.device) == known.end())
    top.wrong("'device', expected auto, gpu or soft");
  if (!device.empty()) profile.device = device;
  std::vector<std::string> errors;
  if (const toml::table* corpus = top.table("corpus")) {
    Table table(*corpus, file + ": [corpus]");
    std::string folder;
    table.take("folder", folder, "a folder of *.cases");
    profile.corpus = folder;
    errors.push_back(table.error());
  }
  if (const toml::array* checks = top.tables("check"))
    for (const toml::node& check : *checks) {
      profile.checks.emplace_back();
      errors.push_back(take_check(*check.as_table(),
                                  fmt::format("{}: [[check]] {}", file, profile.checks.size()),
                                  profile.device, profile.checks.back()));
    }
  if (const toml::table* power = top.table("power")) {
    Table table(*power, file + ": [power]");
    HuntAsked& told = profile.power.emplace();
    std::string mutants = "tenth";
    int cases = static_cast<int>(told.cases);
    table.take("mutants", mutants, "tenth or all");
    if (mutants != "tenth" && mutants != "all") table.wrong("'mutants', expected tenth or all");
    table.take("cases", cases, "a number from 1 on");
    table.take("other-rules", told.other_rules, "true or false");
    told.all = mutants == "all";
    told.cases = static_cast<std::uint64_t>(cases);
    errors.push_back(table.error());
  }
  if (const toml::table* bench = top.table("bench")) {
    Table table(*bench, file + ": [bench]");
    MeasureAsked& told = profile.bench.emplace();
    table.take("golden", told.golden, "true or false");
    table.take("figures", told.figures, "a regular expression as text");
    table.take("times", told.times, "a regular expression as text");
    table.take("repetitions", told.repetitions, "a number from 1 on");
    errors.push_back(table.error());
  }
  if (const toml::table* generation = top.table("generation")) {
    Table table(*generation, file + ": [generation]");
    table.take("steps", profile.generation.emplace().steps, "a number from 1 on");
    errors.push_back(table.error());
  }
  if (const toml::table* support = top.table("support")) {
    Table table(*support, file + ": [support]");
    table.take("gpus", profile.support.emplace().gpus, "names of GPUs, [\"sm_90\"]");
    errors.push_back(table.error());
  }
  errors.insert(errors.begin(), top.error());
  const auto first = std::ranges::find_if(errors, [](const std::string& error) { return !error.empty(); });
  return first == errors.end() ? "" : *first;
}

}  // namespace

Outcome<Profile> read_profile(const fs::path& file, const std::string& device) {
  std::error_code none;
  if (!fs::is_regular_file(file, none))
    return bad_input(fmt::format("{}: no such file, expected a profile in TOML", file.string()));
  toml::table root;
  try {
    root = toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    return bad_input(
        fmt::format("{}: line {}: {}", file.string(), error.source().begin.line, error.description()));
  }
  Profile profile;
  profile.title = file.stem().string();
  if (const std::string error = take_all(root, file.string(), device, profile); !error.empty())
    return bad_input(error);
  std::ostringstream text;
  text << toml::json_formatter(root);
  profile.text = fmt::format("{} on {}", text.str(), profile.device);
  return profile;
}

Profile in_small(Profile profile, double seconds) {
  for (CheckOptions& check : profile.checks)
    check.seconds = check.seconds > 0 ? std::min(check.seconds, seconds) : seconds;
  if (profile.power) profile.power->all = false;
  if (profile.bench) profile.bench->repetitions = 1;
  profile.title += ", in small";
  profile.text += fmt::format(" in small, {} s a check", seconds);
  return profile;
}

}  // namespace flashdiff::cli
