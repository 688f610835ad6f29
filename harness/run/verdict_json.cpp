#include "harness/run/verdict_json.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/problem/names.h"
#include "harness/run/json_number.h"

namespace flashdiff {
namespace {

using detail::number;
using detail::number_of;
using nlohmann::json;

/// Outputs of every pass, those of one in their order: no two passes have one in common.
const std::vector<TensorRole>& all_outputs() {
  static const auto all = [] {
    std::vector<TensorRole> outputs;
    for (const Pass pass : all_of<Pass>)
      outputs.insert(outputs.end(), outputs_of(pass).begin(), outputs_of(pass).end());
    return outputs;
  }();
  return all;
}

TensorRole role_of(const std::string& name) {
  for (const TensorRole role : all_outputs())
    if (name == name_of(role)) return role;
  throw std::invalid_argument(fmt::format("'{}' is no tensor that a pass writes", name));
}

verdict::BiasTest bias_test_of(const std::string& name) {
  using enum verdict::BiasTest;
  for (const verdict::BiasTest test : {gain, mean, row_sum})
    if (name == name_of(test)) return test;
  throw std::invalid_argument(fmt::format("'{}' is no test of a bias", name));
}

/// "lse" of LSE, "dq" of dQ.
std::string key_of(TensorRole role) {
  std::string key = name_of(role);
  std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
  return key;
}

json place_json(const ElementAt& at) {
  return {{"tensor", name_of(at.tensor)},
          {"sequence", at.sequence},
          {"head", at.head},
          {"row", at.row},
          {"column", at.column}};
}
ElementAt element_of(const json& j) {
  return {role_of(j.at("tensor")), j.at("sequence"), j.at("head"), j.at("row"), j.at("column")};
}

json use_json(const BudgetUse& use) {
  json j = json::object();
  for (const TensorUse& one : use.outputs) j[key_of(one.tensor)] = number(one.use);
  return j;
}
BudgetUse use_of(const json& j) {
  static const auto keys = [] {
    std::vector<std::string> names;
    for (const TensorRole role : all_outputs()) names.push_back(key_of(role));
    return names;
  }();
  BudgetUse use;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (const auto found = j.find(keys[i]); found != j.end())
      use.outputs.push_back({all_outputs()[i], number_of(*found)});
  if (use.outputs.size() != j.size()) throw std::invalid_argument("a use of a budget of no tensor");
  return use;
}

json map_json(const ErrorMap& map) {
  json cells = json::array();
  for (const float use : map.use) cells.push_back(number(static_cast<double>(use)));
  return {{"tensor", name_of(map.tensor)},
          {"sequence", map.sequence},
          {"head", map.head},
          {"rows", map.rows},
          {"columns", map.columns},
          {"cell_rows", map.cell_rows},
          {"cell_columns", map.cell_columns},
          {"use", std::move(cells)}};
}
ErrorMap map_of(const json& j) {
  ErrorMap map{role_of(j.at("tensor")), j.at("sequence"),  j.at("head"),         j.at("rows"),
               j.at("columns"),         j.at("cell_rows"), j.at("cell_columns"), {}};
  for (const json& cell : j.at("use")) map.use.push_back(static_cast<float>(number_of(cell)));
  return map;
}

/// One function an alternative: its fields by name.
struct Fields {
  json operator()(const verdict::Pass& v) const { return {{"use", use_json(v.use)}}; }
  json operator()(const verdict::PassWeak& v) const {
    json j{{"use", use_json(v.use)}, {"effect", number(v.effect)}};
    if (v.tensor != TensorRole::o) j["tensor"] = name_of(v.tensor);
    return j;
  }
  json operator()(const verdict::Mismatch& v) const {
    return {{"use", use_json(v.use)},
            {"at", place_json(v.worst.at)},
            {"got", number(v.worst.got)},
            {"want", number(v.worst.want)},
            {"budget", number(v.worst.budget)},
            {"wrong", v.wrong},
            {"total", v.total},
            {"words", v.words},
            {"map", map_json(v.map)}};
  }
  json operator()(const verdict::PaddingTouched& v) const { return {{"count", v.count}, {"where", v.where}}; }
  json operator()(const verdict::Bias& v) const {
    return {{"use", use_json(v.use)},     {"tensor", name_of(v.tensor)},
            {"test", name_of(v.test)},    {"head", v.head},
            {"effect", number(v.effect)}, {"deviation", number(v.deviation)},
            {"chance", number(v.chance)}, {"words", v.words}};
  }
  json operator()(const verdict::BrokenRelation& v) const {
    return {{"relation", v.relation}, {"says", v.says},         {"at", place_json(v.at)},
            {"got", number(v.got)},   {"want", number(v.want)}, {"budget", number(v.budget)},
            {"wrong", v.wrong},       {"total", v.total}};
  }
  json operator()(const verdict::NotEquivalent& v) const {
    return {{"against", v.against},
            {"at", place_json(v.at)},
            {"one", number(v.one)},
            {"other", number(v.other)},
            {"differing", v.differing}};
  }
  json operator()(const verdict::Fault& v) const { return {{"what", v.what}, {"report", v.report}}; }
  json operator()(const verdict::Crash& v) const { return {{"how", v.how}}; }
  json operator()(const verdict::Timeout& v) const { return {{"seconds", number(v.seconds)}}; }
  json operator()(const verdict::Unsupported& v) const { return {{"why", v.why}}; }
  json operator()(const verdict::NotExecuted& v) const { return {{"why", v.why}}; }
};

Verdict verdict_from(const json& j) {
  const std::string kind = j.at("kind");
  if (kind == "pass") return verdict::Pass{use_of(j.at("use"))};
  if (kind == "pass-weak")
    return verdict::PassWeak{use_of(j.at("use")), number_of(j.at("effect")),
                             role_of(j.value("tensor", name_of(TensorRole::o)))};
  if (kind == "mismatch")
    return verdict::Mismatch{
        use_of(j.at("use")),
        {element_of(j.at("at")), number_of(j.at("got")), number_of(j.at("want")), number_of(j.at("budget"))},
        j.at("wrong"),
        j.at("total"),
        j.at("words"),
        map_of(j.at("map"))};
  if (kind == "padding-touched") return verdict::PaddingTouched{j.at("count"), j.at("where")};
  if (kind == "bias")
    return verdict::Bias{
        use_of(j.at("use")),       role_of(j.at("tensor")),      bias_test_of(j.at("test")), j.at("head"),
        number_of(j.at("effect")), number_of(j.at("deviation")), number_of(j.at("chance")),  j.at("words")};
  if (kind == "broken-relation")
    return verdict::BrokenRelation{j.at("relation"),        j.at("says"),
                                   element_of(j.at("at")),  number_of(j.at("got")),
                                   number_of(j.at("want")), number_of(j.at("budget")),
                                   j.at("wrong"),           j.at("total")};
  if (kind == "not-equivalent")
    return verdict::NotEquivalent{j.at("against"), element_of(j.at("at")), number_of(j.at("one")),
                                  number_of(j.at("other")), j.at("differing")};
  if (kind == "fault") return verdict::Fault{j.at("what"), j.at("report")};
  if (kind == "crash") return verdict::Crash{j.at("how")};
  if (kind == "timeout") return verdict::Timeout{number_of(j.at("seconds"))};
  if (kind == "unsupported") return verdict::Unsupported{j.at("why")};
  if (kind == "not-executed") return verdict::NotExecuted{j.at("why")};
  throw std::invalid_argument(fmt::format("'{}' is no verdict", kind));
}

}  // namespace

json json_of(const Verdict& verdict) {
  json j = std::visit(Fields{}, verdict);
  j["kind"] = name_of(verdict);
  return j;
}

Outcome<Verdict> verdict_of_json(const json& j) {
  try {
    return verdict_from(j);
  } catch (const std::exception& e) {  // nlohmann's own errors, and those above
    return bad_input(fmt::format("not a verdict: {}", e.what()));
  }
}

}  // namespace flashdiff
