#include "reports/known.h"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run/verdict_json.h"

namespace flashdiff {
namespace {

using nlohmann::json;

Outcome<KnownFinding> finding_of(const json& from) {
  try {
    Outcome<Verdict> verdict = verdict_of_json(from.at("verdict"));
    if (!verdict) return tl::unexpected<Error>(std::move(verdict.error()));
    KnownFinding found{from.at("about"), {}};
    found.record.line = from.at("case");
    found.record.backend = from.at("backend");
    found.record.device = from.at("device");
    found.record.repro_options = "--backend " + found.record.backend;
    found.record.verdict = std::move(*verdict);
    return found;
  } catch (const json::exception& failed) {
    return bad_input(failed.what());
  }
}

}  // namespace

Outcome<std::vector<KnownFinding>> read_known(const std::filesystem::path& file) {
  const auto refused = [&file](const std::string& why) {
    return bad_input(fmt::format("{}: {}, expected what `flashdiff repro --json` wrote", file.string(), why));
  };
  std::ifstream in(file, std::ios::binary);
  if (!in) return refused("cannot be read");
  std::vector<KnownFinding> all;
  for (std::string line; std::getline(in, line);) {
    Outcome<KnownFinding> one = finding_of(json::parse(line, nullptr, false));
    if (!one) return refused(one.error().what);
    all.push_back(std::move(*one));
  }
  if (all.empty()) return refused("nothing in it");
  return all;
}

}  // namespace flashdiff
