#include "harness/score/hunted.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::power {
namespace {

using nlohmann::json;

constexpr std::string_view other_layout = "with lay=";  // how examine() begins what another layout showed

std::string with_layout(const std::string& part, const std::string& words) {
  return words.starts_with(other_layout) ? part + ", in another layout" : part;
}

struct Part {
  std::string operator()(const verdict::Mismatch& v) const {
    std::string outputs;
    for (const TensorUse& one : v.use.outputs)
      if (!(one.use <= 1)) outputs += fmt::format("{}{}", outputs.empty() ? "" : ", ", name_of(one.tensor));
    return with_layout(outputs, v.words);
  }
  std::string operator()(const verdict::PaddingTouched& v) const {
    if (v.where.empty()) return "";
    const std::string& first = v.where.front();
    std::string at = first;
    if (first.starts_with(other_layout)) at = first.substr(std::min(first.size(), first.find(": ") + 2));
    return with_layout(at.substr(0, at.find(':')), first);
  }
  std::string operator()(const verdict::Bias& v) const {
    return fmt::format("{} of {}", name_of(v.test), name_of(v.tensor));
  }
  std::string operator()(const verdict::BrokenRelation& v) const { return v.relation; }
  std::string operator()(const verdict::NotEquivalent& v) const { return name_of(v.at.tensor); }
  std::string operator()(const verdict::Fault& v) const {
    // "cuLaunchKernel: CUDA_ERROR_...", which the report beside it knows by its right name.
    std::string what =
        v.what.find(": CUDA_ERROR") == std::string::npos || v.report.empty() ? v.what : v.report;
    if (what.starts_with(other_layout)) what.erase(0, std::min(what.size(), what.find(": ") + 2));
    return with_layout(what.substr(0, what.find(": ")), v.what);
  }
  std::string operator()(const verdict::Crash& v) const { return v.how; }
  std::string operator()(const verdict::Timeout& v) const { return fmt::format("{:.3g} s", v.seconds); }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

json json_of(const std::vector<RuleCount>& rules) {
  json all = json::array();
  for (const RuleCount& rule : rules) {
    json one{{"name", rule.name}, {"asked", rule.asked}, {"rejected", rule.rejected}};
    if (rule.killed) one["killed"] = *rule.killed;
    all.push_back(std::move(one));
  }
  return all;
}
std::vector<RuleCount> rules_of(const json& all) {
  std::vector<RuleCount> rules;
  for (const json& one : all) {
    RuleCount rule{one.at("name"), one.at("asked"), one.at("rejected"), {}};
    if (one.contains("killed")) rule.killed = one["killed"].get<std::uint64_t>();
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// Visits the plain fields of a Hunted by their names in JSON.
template <class H, class Visit>
void for_each_field(H& h, Visit visit) {
  visit("mutant", h.mutant);
  visit("title", h.title);
  visit("kernel", h.kernel);
  visit("evidence", h.evidence);
  visit("equivalent", h.equivalent);
  visit("options", h.options);
  visit("key", h.key);
  visit("seed", h.seed);
  visit("most", h.most);
  visit("cases", h.cases);
  visit("judged", h.judged);
  visit("failed", h.failed);
  visit("silent", h.silent);
  visit("compile_seconds", h.compile_seconds);
  visit("seconds", h.seconds);
  visit("unlike", h.unlike);
  visit("alarm", h.alarm);
  visit("ended", h.ended);
}
struct SoundFields {
  template <class S, class Visit>
  static void each(S& s, Visit visit) {
    visit("name", s.name);
    visit("kernel", s.kernel);
    visit("options", s.options);
    visit("key", s.key);
    visit("seed", s.seed);
    visit("first", s.first);
    visit("cases", s.cases);
    visit("judged", s.judged);
    visit("alarms", s.alarms);
  }
};

}  // namespace

std::string part_of(const Verdict& failure) { return std::visit(Part{}, failure); }

std::string explanation_of(const Verdict& failure) {
  const auto* fault = std::get_if<verdict::Fault>(&failure);
  if (fault == nullptr || fault->report.empty()) return explain(failure);
  return explain(failure) + "; " + fault->report.substr(0, fault->report.find('\n'));
}

json json_of(const Hunted& h) {
  json j;
  for_each_field(h, [&j](const char* name, const auto& value) { j[name] = value; });
  if (h.kill)
    j["kill"] = {{"case", h.kill->index},
                 {"seconds", h.kill->seconds},
                 {"rule", h.kill->rule},
                 {"part", h.kill->part},
                 {"line", h.kill->line}};
  if (h.expected_at) j["expected_at"] = *h.expected_at;
  if (h.smallest)
    j["smallest"] = {{"line", h.smallest->line},
                     {"verdict", h.smallest->verdict},
                     {"explanation", h.smallest->explanation},
                     {"executions", h.smallest->executions}};
  j["rules"] = json_of(h.rules);
  if (!h.relations.empty()) j["relations"] = h.relations;
  return j;
}

json json_of(const Sound& s) {
  json j;
  SoundFields::each(s, [&j](const char* name, const auto& value) { j[name] = value; });
  j["rules"] = json_of(s.rules);
  return j;
}

Outcome<Hunted> hunted_of(const std::string& text) {
  try {
    const json j = json::parse(text);
    Hunted h;
    for_each_field(h, [&j](const char* name, auto& value) { j.at(name).get_to(value); });
    if (j.contains("kill")) {
      const json& kill = j["kill"];
      h.kill = Kill{kill.at("case"), kill.at("seconds"), kill.at("rule"), kill.at("part"),
                    kill.value("line", std::string())};
    }
    if (j.contains("expected_at")) h.expected_at = j["expected_at"].get<std::uint64_t>();
    if (j.contains("smallest")) {
      const json& small = j["smallest"];
      h.smallest =
          Smallest{small.at("line"), small.at("verdict"), small.at("explanation"), small.at("executions")};
    }
    h.rules = rules_of(j.at("rules"));
    h.relations = j.value("relations", h.relations);
    return h;
  } catch (const json::exception& e) {
    return bad_input(fmt::format("a mutant's outcome cannot be read: {}", e.what()));
  }
}

Outcome<Sound> sound_of(const std::string& text) {
  try {
    const json j = json::parse(text);
    Sound s;
    SoundFields::each(s, [&j](const char* name, auto& value) { j.at(name).get_to(value); });
    s.rules = rules_of(j.at("rules"));
    return s;
  } catch (const json::exception& e) {
    return bad_input(fmt::format("a kernel's cases cannot be read: {}", e.what()));
  }
}

}  // namespace flashdiff::power
