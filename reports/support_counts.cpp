#include "reports/support_counts.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

using nlohmann::json;

/// The words of page.css: all, some, none, or not to be had.
const char* count_face(const Count& count) {
  if (count.all() == 0 || count.unasked == count.all()) return "none";
  if (count.yes == count.all()) return "pass";
  return count.yes == 0 ? "fail" : "pass-weak";
}

}  // namespace

void add(const json& entry, Count& count) {
  const std::string said = entry.at("said");
  ++(said == "yes" ? count.yes : said == "no" ? count.no : count.unasked);
  if (said != "yes") return;
  count.built += entry.at("by") == "build" ? 1 : 0;
  count.engines = std::max(count.engines, entry.value("engines", std::int64_t{0}));
  count.workspace = std::max(count.workspace, entry.value("workspace_bytes", std::int64_t{0}));
}

Count count_where(const json& profile, const std::map<std::string, std::string>& where) {
  Count count;
  for (const json& entry : profile.at("classes"))
    if (std::ranges::all_of(where, [&](const auto& one) { return entry.at(one.first) == one.second; }))
      add(entry, count);
  return count;
}

std::vector<std::string> values_of(const json& profiles, const char* key) {
  std::vector<std::string> values;
  for (const json& profile : profiles)
    for (const json& entry : profile.at("classes"))
      if (std::ranges::find(values, entry.at(key).get<std::string>()) == values.end())
        values.push_back(entry.at(key));
  return values;
}

View cell_of(const Count& count, const std::string& anchor) {
  View cell;
  cell.set("face", count_face(count));
  cell.set("link", count.all() == 0 ? View(false) : View("#" + anchor));
  cell.set("text", count.all() == 0 ? std::string("–") : fmt::format("{}/{}", count.yes, count.all()));
  cell.set(
      "words",
      fmt::format(
          "{} yes, {} no, {} not to be had; up to {} engines; {} plans built, up to {} bytes of workspace",
          count.yes, count.no, count.unasked, count.engines, count.built, grouped(count.workspace)));
  return cell;
}

}  // namespace flashdiff::detail
