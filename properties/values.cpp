#include "properties/values.h"

#include "properties/choices.h"

namespace flashdiff {

rc::Gen<DType> any_dtype(const std::vector<DType>& allowed) { return one_of(allowed); }

rc::Gen<DataFamily> any_data(std::vector<DataFamily> allowed) {
  std::erase(allowed, DataFamily::file);
  return one_of_weighted<DataFamily>({{5, DataFamily::normal},
                                      {2, DataFamily::uniform},
                                      {1, DataFamily::equal},
                                      {1, DataFamily::huge},
                                      {1, DataFamily::tiny},
                                      {1, DataFamily::very_negative},
                                      {2, DataFamily::rising},
                                      {1, DataFamily::falling},
                                      {1, DataFamily::one_hot},
                                      {1, DataFamily::alternating}},
                                     allowed);
}

// In twice as many of the cases that may have them as of all cases: half of all may.

rc::Gen<std::optional<float>> any_scale() {
  return rc::gen::weightedElement<std::optional<float>>(
      {{10, std::nullopt}, {1, 1.0f}, {1, 0.125f}, {1, 0.3f}, {1, 0.01f}, {2, 100.0f}});
}

rc::Gen<std::optional<float>> any_softcap() {
  return rc::gen::weightedElement<std::optional<float>>(
      {{12, std::nullopt}, {2, 30.0f}, {1, 50.0f}, {1, 1.0f}});
}

rc::Gen<bool> any_alibi() { return chance(1, 4); }

rc::Gen<std::optional<Sink>> any_sink() {
  return rc::gen::weightedElement<std::optional<Sink>>(
      {{12, std::nullopt}, {2, Sink{}}, {1, Sink{0.0f}}, {1, Sink{-100.0f}}});
}

namespace {

std::vector<std::string> kinds_of_modifiers(const Case& c) {
  std::vector<std::string> kinds;
  if (c.problem.softcap) kinds.emplace_back("softcap");
  if (c.problem.alibi) kinds.emplace_back("alibi");
  if (c.problem.sink) kinds.emplace_back("sink");
  if (kinds.size() > 1) kinds.emplace_back("several");
  if (kinds.empty()) kinds.emplace_back("none");
  return kinds;
}

}  // namespace

std::vector<Axis> value_axes() {
  return {
      axis_of_names<DType>("dtype", [](const Case& c) { return c.problem.dtype; }),
      axis_of_names<DataFamily>("data", [](const Case& c) { return c.problem.data; }),
      {"scale",
       {"usual", "given"},
       [](const Case& c) { return std::vector<std::string>{c.problem.scale ? "given" : "usual"}; }},
      {"modifiers", {"none", "softcap", "alibi", "sink", "several"}, kinds_of_modifiers},
  };
}

}  // namespace flashdiff
