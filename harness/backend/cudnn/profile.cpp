#include "harness/backend/cudnn/profile.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace flashdiff::cudnn {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// In a file's name: sm_80.by-hand.json.
constexpr const char* kByHand = ".by-hand";

Outcome<Profile> read(const fs::path& file) {
  std::ifstream stream(file);
  const json from = json::parse(stream, nullptr, false);
  if (!from.is_object() || !from.contains("deviceVer") || !from.at("deviceVer").is_number_integer() ||
      !from.contains("deviceName") || !from.at("deviceName").is_string())
    return bad_input(fmt::format(
        "{}: expected the JSON of cuDNN's device properties, with deviceVer and deviceName", file.string()));
  Profile profile;
  profile.file = file.string();
  std::string name = file.stem().string();
  profile.read_off_a_device = !name.ends_with(kByHand);
  if (!profile.read_off_a_device) name.resize(name.size() - std::string(kByHand).size());
  profile.name = name;
  profile.sm = from.at("deviceVer").get<int>() / 10;
  profile.device = from.at("deviceName").get<std::string>();
  if (profile.name != fmt::format("sm_{}", profile.sm))
    return bad_input(
        fmt::format("{}: its deviceVer says sm_{}, its name something else", file.string(), profile.sm));
  return profile;
}

fs::path folder() {
  if (const char* said = std::getenv("FLASHDIFF_CUDNN_PROFILES"); said != nullptr && *said != '\0')
    return said;
  return FLASHDIFF_CUDNN_PROFILES_FOLDER;
}

}  // namespace

std::string Profile::about() const {
  return fmt::format("{} ({})", device,
                     read_off_a_device ? "a profile read off a device" : "a profile made by hand");
}

Outcome<std::vector<Profile>> profiles() {
  std::vector<Profile> all;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder(), failed)) {
    if (entry.path().extension() != ".json") continue;
    Outcome<Profile> one = read(entry.path());
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    all.push_back(std::move(*one));
  }
  if (all.empty())
    return bad_input(
        fmt::format("{}: no device profiles there, expected sm_90.json and the like", folder().string()));
  std::sort(all.begin(), all.end(), [](const Profile& a, const Profile& b) { return a.sm < b.sm; });
  return all;
}

Outcome<Profile> profile_of(const std::string& name) {
  Outcome<std::vector<Profile>> all = profiles();
  if (!all) return tl::unexpected<Error>(std::move(all.error()));
  std::vector<std::string> known;
  for (Profile& one : *all) {
    if (one.name == name) return std::move(one);
    known.push_back(one.name);
  }
  return bad_input(fmt::format("no device profile '{}', expected one of: {}", name, fmt::join(known, ", ")));
}

}  // namespace flashdiff::cudnn
