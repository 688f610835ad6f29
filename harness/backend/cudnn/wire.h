#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/backend/cudnn/answer.h"
#include "harness/backend/cudnn/engine.h"
#include "harness/backend/cudnn/graph.h"
#include "harness/timing/timed.h"

/// What is asked and answered between two processes, as JSON in one line.
namespace flashdiff::cudnn {

struct Question {
  Graph graph;
  Level level = Level::supported;
  std::string plans;  ///< folder to write a built plan to; empty: none
};

/// One tensor of a call within the block that both processes see.
struct Piece {
  std::string name;       ///< of slots.h
  std::size_t at = 0;     ///< byte of the block
  std::size_t bytes = 0;  ///< of its device buffer
  std::size_t first = 0;  ///< byte of the buffer that the call is given the address of
};

/// What is executed. Tensors are uploaded out of the block, and come back into it.
struct Execution {
  Graph graph;
  std::string plans;  ///< folder of saved plans, which are loaded where they fit; empty: none
  std::string block;  ///< Block::where()
  std::size_t block_bytes = 0;
  std::vector<Piece> tensors;
  std::optional<timing::TimingPlan> timing;  ///< timed as well
};

struct Ran {
  std::string plan;  ///< "compiled", "loaded from FILE", "compiled, since FILE is ..."
  std::string engine;
  std::int64_t workspace_bytes = 0;
  std::optional<timing::Timed> timed;
};

/// What a plan depends on, and so what one is found by: the whole graph, the scale that is fixed in it
/// included.
[[nodiscard]] std::string key_of(const Graph& graph);

[[nodiscard]] nlohmann::json json_of(const Graph& graph);
[[nodiscard]] nlohmann::json json_of(const Question& question);
[[nodiscard]] nlohmann::json json_of(const Answer& answer);
[[nodiscard]] nlohmann::json json_of(const Execution& execution);
[[nodiscard]] nlohmann::json json_of(const Outcome<Ran>& ran);
/// Errors (harness): what stood there.
[[nodiscard]] Outcome<Question> question_of_json(const nlohmann::json& from);
[[nodiscard]] Outcome<Answer> answer_of_json(const nlohmann::json& from);
[[nodiscard]] bool is_execution(const nlohmann::json& from);
[[nodiscard]] Outcome<Execution> execution_of_json(const nlohmann::json& from);
/// The error that the other process had, with its kind, is this one's.
[[nodiscard]] Outcome<Ran> ran_of_json(const nlohmann::json& from);

}  // namespace flashdiff::cudnn
