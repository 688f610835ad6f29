#include "harness/cli/check_plan.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/cli/version.h"

namespace flashdiff::cli {
namespace {

using nlohmann::json;

/// Names of what differs: "seed, dtypes".
std::string differences(const json& mine, const json& theirs) {
  std::string names;
  for (const auto& [name, value] : mine.items())
    if (!theirs.contains(name) || theirs[name] != value) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

std::string plan_of(const CheckOptions& options, const Subject& subject, const Shard& shard,
                    std::optional<std::uint64_t> seed) {
  json plan{{"commit", commit()},
            {"cases", options.cases ? json(*options.cases) : json()},
            {"layouts", options.layouts},
            {"pages", options.pages},
            {"largest head dim", options.largest_head_dim},
            {"dtypes", options.dtypes},
            {"masks", options.masks},
            {"data", options.data},
            {"pass", options.pass},
            {"relations", options.relations},
            {"activations", options.activations},
            {"corpus", options.corpus},
            {"backends", subject.backends},
            {"device", options.subject.device},
            {"images", options.subject.images},
            {"soft", options.subject.soft},
            {"seed", seed ? json(*seed) : json()}};
  if (shard.of > 1) plan["shard"] = {{"number", shard.number}, {"of", shard.of}};
  return plan.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::uint64_t seed_in(const std::string& plan) {
  const json told = json::parse(plan, nullptr, false);
  return told.is_object() && told.contains("seed") && told["seed"].is_number_unsigned()
             ? told["seed"].get<std::uint64_t>()
             : 0;
}

Outcome<Unfinished> to_go_on_with(const Store& store, const CheckOptions& options, const Subject& subject,
                                  const Shard& shard) {
  const json mine = json::parse(plan_of(options, subject, shard, options.seed));
  std::string latest;  // what is other in the latest run that has not come to its end
  const auto found = latest_unfinished(store, [&](const std::string& plan) {
    json theirs = json::parse(plan, nullptr, false);
    if (!theirs.is_object()) return false;
    if (!options.seed) theirs["seed"] = mine["seed"];
    if (latest.empty()) latest = differences(mine, theirs);
    return theirs == mine;
  });
  if (!found) return tl::unexpected<Error>(found.error());
  const std::string file = options.store.string();
  if (!*found)
    return bad_input(latest.empty()
                         ? fmt::format("--resume: {} has no run that was ended before its time", file)
                         : fmt::format("--resume: the run that was ended in {} differs in: {}; expected the "
                                       "same options and program",
                                       file, latest));
  if (still_writes((*found)->writer))
    return bad_input(fmt::format("--resume: process {} still writes that run in {}", (*found)->writer, file));
  return **found;
}

}  // namespace flashdiff::cli
