#include <nlohmann/json.hpp>

#include "harness/backend/cudnn/matrix.h"

namespace flashdiff::cudnn {
namespace {

using nlohmann::json;

json json_of_entry(const MatrixEntry& entry) {
  const ProblemClass& asked = *entry.asked;
  const Answer& answer = entry.answer;
  json told{{"phase", asked.phase},
            {"handed", asked.handed},
            {"mask", asked.mask},
            {"dtype", asked.dtype},
            {"dims", asked.dims},
            {"modifier", asked.modifier},
            {"memory", asked.memory},
            {"way", name_of(asked.way)},
            {"case", print(asked.example)},
            {"said", name_of(answer.said)},
            {"by", name_of(answer.by)},
            {"why", answer.why},
            {"documented", entry.documented},
            {"way_bytes", way_bytes(asked.example, asked.way)}};
  if (answer.engines > 0) {
    told["engines"] = answer.engines;
    told["engine"] = answer.engine;
    if (answer.workspace_bytes >= 0) told["workspace_bytes"] = answer.workspace_bytes;
  }
  if (answer.by == By::build) {
    told["kernel"] = answer.kernel;
    told["plan_bytes"] = answer.plan_bytes;
  }
  return told;
}

}  // namespace

json json_of(const std::vector<ProfileMatrix>& all) {
  json profiles = json::array();
  for (const ProfileMatrix& one : all) {
    json classes = json::array();
    for (const MatrixEntry& entry : one.entries) classes.push_back(json_of_entry(entry));
    profiles.push_back({{"name", one.profile.name},
                        {"device", one.profile.device},
                        {"read_off_a_device", one.profile.read_off_a_device},
                        {"about", one.profile.about()},
                        {"cudnn", one.version == 0 ? "" : version_in_words(one.version)},
                        {"unasked", one.unasked},
                        {"classes", std::move(classes)}});
  }
  return {{"format", "flashdiff-cudnn-matrix 2"}, {"note", matrix_note()}, {"profiles", std::move(profiles)}};
}

}  // namespace flashdiff::cudnn
