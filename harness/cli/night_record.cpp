#include "harness/cli/night_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::cli {
namespace {

using nlohmann::json;

constexpr const char* kept_nights = "night";

NightRecord night_of(const std::string& name, const json& told) {
  NightRecord night{name, told.at("profile"), told.at("commit"), told.at("writer"), told.at("seed"),
                    {},   told.at("finished")};
  for (const auto& [step, end] : told.at("ended").items())
    night.ended[step] = {static_cast<ExitCode>(end.at("code").get<int>()), end.at("words")};
  return night;
}

}  // namespace

Outcome<void> keep(Store& store, const NightRecord& night) {
  json ended = json::object();
  for (const auto& [step, end] : night.ended)
    ended[step] = {{"code", static_cast<int>(end.code)}, {"words", end.words}};
  const json told{{"profile", night.profile}, {"commit", night.commit}, {"writer", night.writer},
                  {"seed", night.seed},       {"ended", ended},         {"finished", night.finished}};
  return store.keep(kept_nights, night.started_utc,
                    told.dump(-1, ' ', false, json::error_handler_t::replace));
}

Outcome<std::optional<NightRecord>> unfinished_night(const Store& store) {
  const auto kept = store.kept(kept_nights);
  if (!kept) return tl::unexpected<Error>(kept.error());
  for (auto night = kept->rbegin(); night != kept->rend(); ++night) try {
      NightRecord found = night_of(night->first, json::parse(night->second));
      if (!found.finished) return std::optional(std::move(found));
    } catch (const json::exception& e) {
      return bad_input(fmt::format("the night of {} is kept in another form ({})", night->first, e.what()));
    }
  return std::optional<NightRecord>();
}

}  // namespace flashdiff::cli
