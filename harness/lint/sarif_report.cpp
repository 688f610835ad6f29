#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/lint/catalogue.h"
#include "harness/lint/writers.h"

namespace flashdiff::lint {
namespace {

using Json = nlohmann::ordered_json;

/// A path as a relative or file URI (RFC 3986): what is not unreserved or a slash is percent-escaped.
std::string uri_of(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

Json of_rule(const Rule& rule) {
  return {{"id", rule.code},
          {"name", rule.name},
          {"shortDescription", {{"text", rule.title}}},
          {"fullDescription", {{"text", rule.explanation}}},
          {"help", {{"text", rule.advice}}},
          {"defaultConfiguration", {{"level", name_of(rule.level)}}}};
}

Json of_finding(const Finding& finding, const Step& step) {
  constexpr std::size_t most_rows = 100;  // a viewer lists each
  const auto rules = all_rules();
  Json rows = Json::array();
  for (std::size_t i = 0; i < std::min(most_rows, finding.rows.size()); ++i)
    rows.push_back({{"name", fmt::format("row {}", finding.rows[i])},
                    {"fullyQualifiedName", fmt::format("{}/row {}", step.name, finding.rows[i])},
                    {"kind", "element"}});
  Json location{{"physicalLocation", {{"artifactLocation", {{"uri", uri_of(step.file)}}}}}};
  if (!rows.empty()) location["logicalLocations"] = std::move(rows);
  const std::string where = finding.rows.empty() ? "" : in_words(finding.rows) + ": ";
  return {{"ruleId", finding.rule->code},
          {"ruleIndex", std::find(rules.begin(), rules.end(), finding.rule) - rules.begin()},
          {"level", name_of(finding.level)},
          {"message", {{"text", fmt::format("{}{}. {}", where, finding.message, finding.rule->advice)}}},
          {"locations", Json::array({std::move(location)})},
          {"properties", {{"step", finding.step}, {"rows", finding.rows}}}};
}

}  // namespace

std::string as_sarif(const Report& report, const std::string& version) {
  Json rules = Json::array(), results = Json::array();
  for (const Rule* rule : all_rules()) rules.push_back(of_rule(*rule));
  for (const Finding& finding : report.findings)
    results.push_back(of_finding(finding, report.steps[finding.step]));
  const Json log{
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs",
       Json::array(
           {{{"tool",
              {{"driver",
                {{"name", "flashdiff lint"}, {"semanticVersion", version}, {"rules", std::move(rules)}}}}},
             {"columnKind", "utf16CodeUnits"},
             {"results", std::move(results)}}})}};
  return log.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace flashdiff::lint
