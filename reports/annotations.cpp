#include "reports/annotations.h"

#include <optional>
#include <regex>
#include <string_view>

#include <fmt/format.h>

#include "reports/facts.h"
#include "reports/numbers.h"
#include "reports/summarise.h"
#include "reports/text.h"

namespace flashdiff {
namespace {

constexpr std::size_t most_bytes = 2'000;  ///< of a message: GitHub cuts at 4 kB

struct Place {
  std::string file, line;
};

std::optional<Place> place_of(const Verdict& verdict, const std::filesystem::path& root) {
  const auto* fault = std::get_if<verdict::Fault>(&verdict);
  if (fault == nullptr) return std::nullopt;
  static const std::regex source(R"(([^\s():,]+\.(?:cu|cuh|h|hpp)):([0-9]+))");
  std::smatch found;
  if (!std::regex_search(fault->report, found, source)) return std::nullopt;
  std::string file = found[1];
  const std::string before = root.empty() ? "" : (root / "").string();
  if (!before.empty() && file.starts_with(before)) file.erase(0, before.size());
  return Place{file, found[2]};
}

std::string command_of(const Report& report, const Finding& finding, const std::filesystem::path& root) {
  const CaseRecord& drawn = report.cases[finding.record];
  const CaseRecord& shortest = finding.shrunk ? report.shrunk[*finding.shrunk] : drawn;
  std::string properties;
  if (const auto place = place_of(drawn.verdict, root))
    properties = fmt::format("file={},line={},", command_escaped(place->file, true), place->line);
  const std::string title = fmt::format("{} in {}", name_of(drawn.verdict), drawn.backend);
  const std::string message =
      shortened(explain(drawn.verdict), most_bytes) + "\n" + repro_command(report.options, shortest);
  return fmt::format("::error {}title={}::{}", properties, command_escaped(title, true),
                     command_escaped(message, false));
}

}  // namespace

std::string command_escaped(std::string_view text, bool property) {
  std::string escaped;
  for (const char c : cleaned(text)) switch (c) {
      case '%': escaped += "%25"; break;
      case '\r': escaped += "%0D"; break;
      case '\n': escaped += "%0A"; break;
      case ':': escaped += property ? "%3A" : ":"; break;
      case ',': escaped += property ? "%2C" : ","; break;
      default: escaped += c;
    }
  return escaped;
}

std::vector<std::string> annotations(const Report& report, const std::filesystem::path& root) {
  std::vector<std::string> lines;
  std::int64_t told = 0;
  for (const std::size_t at : foremost(report, most_annotations)) {
    lines.push_back(command_of(report, report.findings[at], root));
    told += 1 + std::ssize(report.findings[at].same);
  }
  if (const std::int64_t left = report.total.failed - told; left > 0)
    lines.push_back(fmt::format("::error title=flashdiff::And {}: the report tells them.",
                                counted(left, "more wrong case", "more wrong cases")));
  return lines;
}

}  // namespace flashdiff
