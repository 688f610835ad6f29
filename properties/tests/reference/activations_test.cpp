#include "harness/problem/activations.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>

#include "properties/tests/reference/any_problem.h"
#include "properties/tests/reference/budget_use.h"
#include "reference/attention.h"

namespace flashdiff {
namespace {

constexpr const char* kLayers[] = {"minilm_layer0", "minilm_layer5"};

std::string path_of(const char* layer) {
  return std::string(FLASHDIFF_SOURCE_DIR) + "/properties/data/" + layer + ".safetensors";
}

/// All texts of a capture, as one problem.
Problem problem_of(const Activations& capture, const std::string& path) {
  Problem problem;
  for (int text = 0; text < static_cast<int>(capture.lengths.size()); ++text) {
    const int length = capture.lengths[static_cast<std::size_t>(text)];
    problem.sequences.push_back({length, length});
    problem.data_rows.push_back(text);
  }
  problem.h_q = capture.h_q;
  problem.h_kv = capture.h_kv;
  problem.d_qk = capture.d_qk;
  problem.d_v = capture.d_v;
  problem.scale = capture.scale;
  problem.dtype = capture.dtype;
  problem.data = DataFamily::file;
  problem.data_file = path;
  return problem;
}

/// What the capturing program computed in f32, with numpy: products and sums in some order, exp of the scores
/// less their maximum, O divided by the sum. A kernel like any other, so its budget holds.
TEST(Activations, AnF32ComputationByOtherCodeIsWithinTheBudget) {
  for (const char* layer : kLayers) {
    const auto loaded = load_activations(path_of(layer));
    ASSERT_TRUE(loaded.has_value());
    const Activations& capture = **loaded;
    const Problem problem = problem_of(capture, path_of(layer));
    const BudgetedAttention want = attention_forward_with_budget(problem, capture.data, Numerics{});
    double worst = 0;
    std::vector<double> uses;
    ASSERT_EQ(capture.model_output.values().size(), want.reference.o.values().size());
    for (std::size_t i = 0; i < capture.model_output.values().size(); ++i) {
      uses.push_back(testing::use_of(capture.model_output.values()[i], want.reference.o.values()[i],
                                     want.o_budget.values()[i]));
      worst = std::max(worst, uses.back());
    }
    EXPECT_LE(worst, 1.0) << layer;
    EXPECT_GT(testing::quantile(uses, 0.5), 0.0005) << layer;
    RecordProperty(std::string(layer) + "_worst_use", std::to_string(worst));
  }
}

/// Scores up to 60 must not make the budget so wide that it says nothing.
TEST(Activations, ADroppedKeyOfAverageWeightIsSeen) {
  for (const char* layer : kLayers) {
    const auto loaded = load_activations(path_of(layer));
    ASSERT_TRUE(loaded.has_value());
    const Problem problem = problem_of(**loaded, path_of(layer));
    const Numerics numerics{.p = DType::f16, .out = DType::f16};
    const BudgetedAttention want = attention_forward_with_budget(problem, (*loaded)->data, numerics);
    const auto drops = want.smallest_drop.values();
    EXPECT_GT(testing::quantile({drops.begin(), drops.end()}, 0.05), 2.0) << layer;
  }
}

}  // namespace
}  // namespace flashdiff
