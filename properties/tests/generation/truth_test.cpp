#include <cmath>

#include <gtest/gtest.h>

#include "properties/tests/generation/small.h"

namespace flashdiff::generation {
namespace {

Numerics numerics_of(Backend& backend, const Asked& asked) { return backend.numerics(asked.model.problem()); }

TEST(Truth, OfARowDoesNotDependOnItsNeighbours) {
  const Asked three = test::small();
  Asked one = three;
  one.prompts = {three.prompts[1]};
  const Truth with(three, 4), alone(one, 4);
  EXPECT_EQ(with.text(1), alone.text(0));
  const auto reference = test::opened("reference");
  const Numerics n = numerics_of(*reference, three);
  const int last = static_cast<int>(alone.text(0).size()) - 1;
  EXPECT_EQ(with.at(1, last, n, n).o, alone.at(0, last, n, n).o);
  EXPECT_EQ(with.at(1, last, n, n).budget, alone.at(0, last, n, n).budget);
}

TEST(Truth, TextsGoOnWithTheTokensThatItNames) {
  const Asked asked = test::small();
  const Truth truth(asked, 3);
  for (int row = 0; row < truth.rows(); ++row) {
    const auto& prompt = asked.prompts[static_cast<std::size_t>(row)];
    ASSERT_EQ(truth.text(row).size(), prompt.size() + 3);
    for (int step = 0; step < 3; ++step) {
      const auto at = prompt.size() + static_cast<std::size_t>(step);
      EXPECT_EQ(truth.text(row)[at], truth.next(row, static_cast<int>(at) - 1).token);
      EXPECT_NE(truth.text(row)[at], 0) << "padding is never the next token";
    }
  }
}

/// The budget must see a dropped key: its effect on a row of n keys of ordinary weight is |v| / n.
TEST(Truth, BudgetsAreFarBelowAKeysEffect) {
  const Asked asked = test::small();
  const Truth truth(asked, 2);
  const auto reference = test::opened("reference");
  const Numerics n = numerics_of(*reference, asked);
  for (int row = 0; row < truth.rows(); ++row)
    for (int i = 0; i < static_cast<int>(truth.text(row).size()); ++i) {
      const Truth::Row one = truth.at(row, i, n, n);
      for (const double budget : one.budget) {
        EXPECT_GT(budget, 0);
        EXPECT_LT(budget, 0.1);
      }
    }
}

/// Same weights on every machine, as a golden number: std::normal_distribution is not.
TEST(Model, IsAFunctionOfItsSeed) {
  const Asked asked = test::small();
  EXPECT_EQ(asked.prompts[0], test::small().prompts[0]);
  EXPECT_NE(asked.prompts[0], test::small({5, 12, 2}, 2).prompts[0]);
  double spread = 0;
  int scores = 0;
  const Model& model = asked.model;
  for (int q = 1; q < model.vocabulary(); ++q)
    for (int k = 1; k < model.vocabulary(); ++k, ++scores) {
      double dot = 0;
      for (int c = 0; c < model.q.width(); ++c)
        dot += static_cast<double>(model.q.row(0, 0, q)[c]) * static_cast<double>(model.k.row(0, 0, k)[c]);
      spread += dot * dot / model.q.width();
    }
  EXPECT_NEAR(std::sqrt(spread / scores), 2.25, 0.5) << "standard deviation of the scores";
}

TEST(Model, TakesTheRowsOfACapture) {
  const auto asked = captured(FLASHDIFF_SOURCE_DIR "/properties/data/minilm_layer0.safetensors", 1);
  ASSERT_TRUE(asked.has_value()) << asked.error().what;
  EXPECT_EQ(asked->prompts.size(), 6u);
  EXPECT_EQ(asked->model.vocabulary(), 5 + 13 + 24 + 56 + 97 + 5 + 1);
  EXPECT_FALSE(asked->model.rope.has_value());
  EXPECT_FALSE(captured("/nowhere.safetensors", 1).has_value());
}

}  // namespace
}  // namespace flashdiff::generation
