#include <gmock/gmock.h>

#include "harness/lint/read_sides.h"
#include "harness/lint/read_steps.h"
#include "properties/tests/lint/small_files.h"

namespace flashdiff::lint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A mask of 2 x 6, and what is asked for beside it.
struct Files {
  test::SmallFiles files;
  Input input;
  Files() { input.masks = {files.write("mask.txt", "111111\n011111\n")}; }
  std::string write(const std::string& text) { return files.write("side.txt", text); }
  [[nodiscard]] Step read() const {
    const auto steps = read_steps(input);
    if (!steps) throw std::runtime_error(steps.error().what);
    return steps->at(0);
  }
  [[nodiscard]] std::string error() const {
    const auto steps = read_steps(input);
    return steps ? "none" : steps.error().what;
  }
};

TEST(Sides, PositionsOfTheMasksOwnFileAreTakenByName) {
  for (const char* name : {"batch.npz", "batch_compressed.npz", "batch.safetensors"}) {
    const auto steps = read_steps({{test::data_file(name)}, {}});
    ASSERT_TRUE(steps) << steps.error().what;
    EXPECT_EQ(steps->at(0).positions.axes, 1) << name;
    EXPECT_EQ(steps->at(0).positions.rows.at(1).last, 2) << name;
  }
}

TEST(Sides, AnArrayOfAnotherFileIsTakenByFileAndName) {
  Files f;
  f.input.masks = {test::data_file("mask_bool.npy")};
  f.input.sides.positions = {test::data_file("batch.npz") + ":position_ids"};
  EXPECT_EQ(f.read().positions.rows.at(0).last, 4);
  f.input.sides.positions = {test::data_file("batch.npz") + ":nothing"};
  EXPECT_THAT(f.error(), HasSubstr("no array 'nothing', it has: attention_mask, position_ids"));
}

TEST(Sides, SpansAreReadOrFoundInTheIds) {
  Files f;
  f.input.sides.spans = {f.write("1 2 4\n0 1 3\n")};
  EXPECT_THAT(f.read().spans, ElementsAre(Span{0, 1, 3}, Span{1, 2, 4}));
  f.input.sides.spans = {};
  f.input.sides.ids = {f.write("5 9 9 5 8 5\n0 5 5 9 9 9\n")};
  f.input.sides.image_tokens = {9, 8};
  EXPECT_THAT(f.read().spans, ElementsAre(Span{0, 1, 3}, Span{0, 4, 5}, Span{1, 3, 6}));
  EXPECT_EQ(f.read().ids_columns, 6);
}

/// Longer ids are a finding where images explain them, and lengths that disagree where none do.
TEST(Sides, IdsOfAnotherLengthNeedImages) {
  Files f;
  f.input.sides.ids = {f.write("5 9 9 9 5 5 5\n5 5 5 5 5 5 5\n")};
  f.input.sides.image_tokens = {9};
  EXPECT_EQ(f.read().ids_columns, 7);
  f.input.sides.image_tokens = {4};
  EXPECT_THAT(f.error(), HasSubstr("shape [2, 7], expected 6 columns as the mask has"));
}

TEST(Sides, IdsOfTheNewTokensAreTheLastColumns) {
  Files f;
  f.input.words.q_len = {2};
  f.input.sides.ids = {f.write("5 9\n9 9\n")};
  f.input.sides.image_tokens = {9};
  EXPECT_THAT(f.read().spans, ElementsAre(Span{0, 5, 6}, Span{1, 4, 6}));
}

TEST(Sides, WhatDoesNotFitIsSaid) {
  Files f;
  f.input.sides.cache_lengths = {f.write("1 2 3\n")};
  EXPECT_THAT(f.error(), HasSubstr("shape [1, 3], expected a length for each of 2 rows"));
  f.input.sides.cache_lengths = {f.write("1 0.5\n")};
  EXPECT_THAT(f.error(), HasSubstr("0.5, expected whole numbers"));
  f.input.sides = {};
  f.input.sides.slots = {f.write("1 2 3\n")};
  EXPECT_THAT(f.error(), HasSubstr("expected slots [6] of all rows, or [2, 6]"));
  f.input.sides = {};
  f.input.sides.spans = {f.write("0 4 2\n")};
  EXPECT_THAT(f.error(), HasSubstr("span 0 4 2, expected a row of 2"));
  f.input.sides.spans = {f.write("2 0 2\n")};
  EXPECT_THAT(f.error(), HasSubstr("span 2 0 2"));
  f.input.sides.spans = {"a", "b"};
  EXPECT_THAT(f.error(), HasSubstr("--spans: 2 files, expected one for each of the 1 steps"));
}

TEST(Sides, LengthsAndSlotsAreRead) {
  Files f;
  f.input.words.q_len = {2};
  f.input.sides.cache_lengths = {f.write("4\n3\n")};
  EXPECT_THAT(f.read().cache_lengths, ElementsAre(4, 3));
  f.input.sides = {};
  f.input.sides.slots = {f.write("4 5\n")};
  EXPECT_THAT(f.read().slots, ElementsAre(4, 5));
  f.input.sides.slots = {f.write("4 5\n3 4\n")};
  EXPECT_THAT(f.read().slots, ElementsAre(4, 5, 3, 4));
}

TEST(Sides, AnotherMaskHasTheSameRows) {
  Files f;
  const auto steps = read_steps(f.input);
  ASSERT_TRUE(steps);
  EXPECT_TRUE(read_against({f.write("1\n0\n")}, {}, *steps));
  EXPECT_THAT(read_against({f.write("1\n0\n1\n")}, {}, *steps).error().what, HasSubstr("3 rows, expected 2"));
  EXPECT_THAT(read_against({"a", "b"}, {}, *steps).error().what, HasSubstr("2 files, expected one for each"));
}

}  // namespace
}  // namespace flashdiff::lint
