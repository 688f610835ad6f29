#include "properties/activation_cases.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "harness/problem/data.h"

namespace flashdiff {
namespace {

constexpr const char* kCapture = FLASHDIFF_SOURCE_DIR "/properties/data/minilm_layer0.safetensors";

TEST(ActivationCases, AreValidAndEachOnce) {
  auto cases = ActivationCases::open(kCapture);
  ASSERT_TRUE(cases.has_value()) << cases.error().what;
  EXPECT_EQ(cases->size(), 12u * 4 * 2 * 2 * 3);  // batches, paddings, orders, masks, dtypes
  std::set<std::string> questions;
  for (std::uint64_t i = 0; i < cases->size(); ++i) {
    auto drawn = cases->draw(i);
    ASSERT_TRUE(drawn.has_value());
    EXPECT_TRUE(validated(drawn->value).has_value()) << print(drawn->value);
    drawn->value.poison = Poison::nan;
    drawn->value.layout.pad = 0;
    drawn->value.layout.view = false;
    questions.insert(print(drawn->value));
  }
  EXPECT_EQ(questions.size(), cases->size());
  EXPECT_FALSE(cases->draw(cases->size()).has_value());
}

TEST(ActivationCases, TheFirstFewAreAFairSample) {
  auto cases = ActivationCases::open(kCapture);
  ASSERT_TRUE(cases.has_value()) << cases.error().what;
  std::set<std::string> labels;
  for (std::uint64_t i = 0; i < 24; ++i) {
    const auto drawn = cases->draw(i);
    ASSERT_TRUE(drawn.has_value());
    labels.insert(drawn->labels.begin(), drawn->labels.end());
  }
  for (const char* label : {"layout:left", "layout:right", "layout:both", "layout:packed", "order:bshd",
                            "order:bhsd", "mask:none", "mask:causal_br", "dtype:f32", "dtype:f16",
                            "dtype:bf16", "batch:1", "batch:3+", "data:file", "phase:prefill"})
    EXPECT_TRUE(labels.contains(label)) << label;
}

TEST(ActivationCases, TheValuesAreThere) {
  auto cases = ActivationCases::open(kCapture);
  ASSERT_TRUE(cases.has_value()) << cases.error().what;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const auto drawn = cases->draw(i);
    ASSERT_TRUE(drawn.has_value());
    const auto data = make_data(drawn->value.problem);
    EXPECT_TRUE(data.has_value()) << data.error().what;
  }
}

TEST(ActivationCases, AMissingCaptureIsAnErrorThatNamesIt) {
  const auto cases = ActivationCases::open("/nowhere/at-all.safetensors");
  ASSERT_FALSE(cases.has_value());
  EXPECT_EQ(cases.error().kind, ErrorKind::bad_input);
  EXPECT_NE(cases.error().what.find("/nowhere/at-all.safetensors"), std::string::npos);
}

}  // namespace
}  // namespace flashdiff
