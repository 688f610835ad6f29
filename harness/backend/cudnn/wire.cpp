#include "harness/backend/cudnn/wire.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::cudnn {
namespace {

using nlohmann::json;

json json_of(const Tensor& tensor) { return {{"dims", tensor.dims}, {"strides", tensor.strides}}; }
Tensor tensor_of(const json& from) {
  Tensor tensor;
  from.at("dims").get_to(tensor.dims);
  from.at("strides").get_to(tensor.strides);
  return tensor;
}

template <class T>
json json_or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}
template <class T>
std::optional<T> optional_of(const json& from) {
  if (from.is_null()) return std::nullopt;
  return from.get<T>();
}

Graph graph_of_json(const json& from) {
  Graph g;
  from.at("backward").get_to(g.backward);
  from.at("deterministic").get_to(g.deterministic);
  g.dtype = static_cast<DType>(from.at("dtype").get<int>());
  g.q = tensor_of(from.at("q"));
  g.k = tensor_of(from.at("k"));
  g.v = tensor_of(from.at("v"));
  g.o = tensor_of(from.at("o"));
  g.stats = tensor_of(from.at("stats"));
  from.at("lengths").get_to(g.lengths);
  from.at("ragged").get_to(g.ragged);
  from.at("bias").get_to(g.bias);
  from.at("bias_heads").get_to(g.bias_heads);
  from.at("bottom_right").get_to(g.bottom_right);
  g.left = optional_of<int>(from.at("left"));
  g.right = optional_of<int>(from.at("right"));
  from.at("scale").get_to(g.scale);
  g.softcap = optional_of<double>(from.at("softcap"));
  from.at("alibi").get_to(g.alibi);
  from.at("sink").get_to(g.sink);
  from.at("page").get_to(g.page);
  from.at("pages").get_to(g.pages);
  from.at("table_columns").get_to(g.table_columns);
  return g;
}

}  // namespace

json json_of(const Graph& g) {
  return {{"backward", g.backward},
          {"deterministic", g.deterministic},
          {"dtype", static_cast<int>(g.dtype)},
          {"q", json_of(g.q)},
          {"k", json_of(g.k)},
          {"v", json_of(g.v)},
          {"o", json_of(g.o)},
          {"stats", json_of(g.stats)},
          {"lengths", g.lengths},
          {"ragged", g.ragged},
          {"bias", g.bias},
          {"bias_heads", g.bias_heads},
          {"bottom_right", g.bottom_right},
          {"left", json_or_null(g.left)},
          {"right", json_or_null(g.right)},
          {"scale", g.scale},
          {"softcap", json_or_null(g.softcap)},
          {"alibi", g.alibi},
          {"sink", g.sink},
          {"page", g.page},
          {"pages", g.pages},
          {"table_columns", g.table_columns}};
}

json json_of(const Question& question) {
  return {
      {"graph", json_of(question.graph)}, {"built", question.level == Level::built}, {"plan", question.plan}};
}

json json_of(const Answer& answer) {
  return {{"said", static_cast<int>(answer.said)},
          {"by", static_cast<int>(answer.by)},
          {"why", answer.why},
          {"engines", answer.engines},
          {"engine", answer.engine},
          {"workspace_bytes", answer.workspace_bytes},
          {"kernel", answer.kernel},
          {"plan_bytes", answer.plan_bytes}};
}

Outcome<Question> question_of_json(const json& from) {
  try {
    Question question;
    question.graph = graph_of_json(from.at("graph"));
    question.level = from.at("built").get<bool>() ? Level::built : Level::supported;
    from.at("plan").get_to(question.plan);
    return question;
  } catch (const json::exception& failed) {
    return harness_error(fmt::format("a question about a graph cannot be read: {}", failed.what()));
  }
}

Outcome<Answer> answer_of_json(const json& from) {
  try {
    Answer answer;
    answer.said = static_cast<Said>(from.at("said").get<int>());
    answer.by = static_cast<By>(from.at("by").get<int>());
    from.at("why").get_to(answer.why);
    from.at("engines").get_to(answer.engines);
    from.at("engine").get_to(answer.engine);
    from.at("workspace_bytes").get_to(answer.workspace_bytes);
    from.at("kernel").get_to(answer.kernel);
    from.at("plan_bytes").get_to(answer.plan_bytes);
    return answer;
  } catch (const json::exception& failed) {
    return harness_error(fmt::format("an answer about a graph cannot be read: {}", failed.what()));
  }
}

}  // namespace flashdiff::cudnn
