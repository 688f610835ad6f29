#include "harness/backend/cudnn/wire.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::timing {
// Found by nlohmann's json by the namespace of the types.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TimingPlan, l2, warm_ups, at_least, at_most, seconds, most_discarded)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Timed, seconds, discarded, throttled_by, without_sensors, note,
                                   sm_megahertz, watts)
}  // namespace flashdiff::timing

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
  g.d_o = tensor_of(from.at("d_o"));
  g.dq = tensor_of(from.at("dq"));
  g.dk = tensor_of(from.at("dk"));
  g.dv = tensor_of(from.at("dv"));
  g.stats = tensor_of(from.at("stats"));
  from.at("inference").get_to(g.inference);
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

/// Sizes are of another process: what lies outside of the block would be read there.
bool within(const Execution& all) {
  return std::ranges::all_of(all.tensors, [&](const Piece& one) {
    return one.at <= all.block_bytes && one.bytes <= all.block_bytes - one.at && one.first <= one.bytes;
  });
}

}  // namespace

std::string key_of(const Graph& graph) { return json_of(graph).dump(); }

json json_of(const Execution& execution) {
  json tensors = json::array();
  for (const Piece& one : execution.tensors)
    tensors.push_back({{"name", one.name}, {"at", one.at}, {"bytes", one.bytes}, {"first", one.first}});
  return {{"run",
           {{"graph", json_of(execution.graph)},
            {"plans", execution.plans},
            {"block", execution.block},
            {"block_bytes", execution.block_bytes},
            {"tensors", std::move(tensors)},
            {"timing", execution.timing ? json(*execution.timing) : json()}}}};
}

bool is_execution(const json& from) { return from.is_object() && from.contains("run"); }

Outcome<Execution> execution_of_json(const json& from) {
  try {
    const json& run = from.at("run");
    Execution execution;
    execution.graph = graph_of_json(run.at("graph"));
    run.at("plans").get_to(execution.plans);
    run.at("block").get_to(execution.block);
    run.at("block_bytes").get_to(execution.block_bytes);
    for (const json& one : run.at("tensors"))
      execution.tensors.push_back({one.at("name").get<std::string>(), one.at("at").get<std::size_t>(),
                                   one.at("bytes").get<std::size_t>(), one.at("first").get<std::size_t>()});
    if (!run.at("timing").is_null()) execution.timing = run.at("timing").get<timing::TimingPlan>();
    if (!within(execution))
      return harness_error("a tensor that lies outside of the block it is handed over in");
    return execution;
  } catch (const json::exception& failed) {
    return harness_error(fmt::format("what is to be executed cannot be read: {}", failed.what()));
  }
}

json json_of(const Outcome<Ran>& ran) {
  if (!ran)
    return {{"error", ran.error().what},
            {"kind", static_cast<int>(ran.error().kind)},
            {"detail", ran.error().detail}};
  return {{"plan", ran->plan},
          {"engine", ran->engine},
          {"workspace_bytes", ran->workspace_bytes},
          {"timed", ran->timed ? json(*ran->timed) : json()}};
}

Outcome<Ran> ran_of_json(const json& from) {
  try {
    if (from.contains("error"))
      return fail(static_cast<ErrorKind>(from.at("kind").get<int>()), from.at("error").get<std::string>(),
                  from.at("detail").get<std::string>());
    Ran ran;
    from.at("plan").get_to(ran.plan);
    from.at("engine").get_to(ran.engine);
    from.at("workspace_bytes").get_to(ran.workspace_bytes);
    if (!from.at("timed").is_null()) ran.timed = from.at("timed").get<timing::Timed>();
    return ran;
  } catch (const json::exception& failed) {
    return harness_error(fmt::format("an answer of an execution cannot be read: {}", failed.what()));
  }
}

json json_of(const Graph& g) {
  return {{"backward", g.backward},
          {"deterministic", g.deterministic},
          {"dtype", static_cast<int>(g.dtype)},
          {"q", json_of(g.q)},
          {"k", json_of(g.k)},
          {"v", json_of(g.v)},
          {"o", json_of(g.o)},
          {"d_o", json_of(g.d_o)},
          {"dq", json_of(g.dq)},
          {"dk", json_of(g.dk)},
          {"dv", json_of(g.dv)},
          {"stats", json_of(g.stats)},
          {"inference", g.inference},
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
  return {{"graph", json_of(question.graph)},
          {"built", question.level == Level::built},
          {"plans", question.plans}};
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
    from.at("plans").get_to(question.plans);
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
