#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "harness/backend/cudnn/answer.h"
#include "harness/backend/cudnn/engine.h"
#include "harness/backend/cudnn/graph.h"

/// What is asked and answered between two processes, as JSON in one line.
namespace flashdiff::cudnn {

struct Question {
  Graph graph;
  Level level = Level::supported;
  std::string plan;  ///< file to write a built plan to; empty: none
};

[[nodiscard]] nlohmann::json json_of(const Graph& graph);
[[nodiscard]] nlohmann::json json_of(const Question& question);
[[nodiscard]] nlohmann::json json_of(const Answer& answer);
/// Errors (harness): what stood there.
[[nodiscard]] Outcome<Question> question_of_json(const nlohmann::json& from);
[[nodiscard]] Outcome<Answer> answer_of_json(const nlohmann::json& from);

}  // namespace flashdiff::cudnn
