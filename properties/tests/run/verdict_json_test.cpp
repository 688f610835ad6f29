#include "harness/run/verdict_json.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "properties/tests/run/any_verdict.h"

namespace flashdiff {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

RC_GTEST_PROP(VerdictJson, GoesThroughTextAndBack, ()) {
  const Verdict verdict = *test::any_verdict();
  const std::string text = json_of(verdict).dump();
  const Outcome<Verdict> back = verdict_of_json(json::parse(text));
  RC_ASSERT(back.has_value());
  RC_ASSERT(json_of(*back).dump() == text);
  RC_ASSERT(back->index() == verdict.index());
}

TEST(VerdictJson, NumbersThatJsonHasNot) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  verdict::Mismatch wrong;
  wrong.use = {{{TensorRole::o, std::nan("")}, {TensorRole::lse, infinity}}};
  wrong.worst = {{TensorRole::lse, 1, 2, 3, 0}, -infinity, 0.25, 1e-9};
  wrong.map.use = {std::nanf(""), 0.1f};
  const Outcome<Verdict> back = verdict_of_json(json::parse(json_of(Verdict(wrong)).dump()));
  ASSERT_TRUE(back);
  const auto& told = std::get<verdict::Mismatch>(*back);
  EXPECT_TRUE(std::isnan(told.use.of(TensorRole::o)));
  EXPECT_EQ(told.use.of(TensorRole::lse), infinity);
  EXPECT_EQ(told.worst.got, -infinity);
  EXPECT_EQ(told.worst.at, wrong.worst.at);
  EXPECT_TRUE(std::isnan(told.map.use[0]));
  EXPECT_EQ(told.map.use[1], 0.1f) << "a float survives as a double";
}

/// What stores hold already.
TEST(VerdictJson, OfTheForwardPassAsItAlwaysWas) {
  const verdict::PassWeak weak{{{{TensorRole::o, 0.5}, {TensorRole::lse, 0.25}}}, 0.125};
  EXPECT_EQ(json_of(Verdict(weak)).dump(),
            R"({"effect":0.125,"kind":"pass-weak","use":{"lse":0.25,"o":0.5}})");
}

TEST(VerdictJson, OfGradients) {
  const verdict::PassWeak weak{
      {{{TensorRole::dq, 0.5}, {TensorRole::dk, 0.25}, {TensorRole::dv, 0}}}, 0.125, TensorRole::dk};
  const std::string text = json_of(Verdict(weak)).dump();
  EXPECT_EQ(text, R"({"effect":0.125,"kind":"pass-weak","tensor":"dK","use":{"dk":0.25,"dq":0.5,"dv":0.0}})");
  const auto back = std::get<verdict::PassWeak>(*verdict_of_json(json::parse(text)));
  EXPECT_EQ(back.tensor, TensorRole::dk);
  ASSERT_EQ(back.use.outputs.size(), 3u);
  EXPECT_EQ(back.use.outputs[0].tensor, TensorRole::dq) << "in the order of outputs_of()";
}

TEST(VerdictJson, WhatIsNoVerdictIsSaid) {
  const auto error = [](const char* text) {
    const Outcome<Verdict> verdict = verdict_of_json(json::parse(text));
    return verdict ? "taken" : verdict.error().what;
  };
  EXPECT_THAT(error("{}"), HasSubstr("kind"));
  EXPECT_THAT(error(R"({"kind": "maybe"})"), HasSubstr("'maybe' is no verdict"));
  EXPECT_THAT(error(R"({"kind": "pass"})"), HasSubstr("use"));
  EXPECT_THAT(error(R"({"kind": "pass", "use": {"o": "much", "lse": 0}})"), HasSubstr("'much' is no number"));
  EXPECT_THAT(error(R"({"kind": "pass", "use": {"o": 0, "p": 0}})"), HasSubstr("no tensor"));
  EXPECT_THAT(error(R"({"kind": "timeout", "seconds": []})"), HasSubstr("type"));
  EXPECT_THAT(error(R"(["pass"])"), HasSubstr("not a verdict"));
}

}  // namespace
}  // namespace flashdiff
