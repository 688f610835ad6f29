#include "harness/problem/activations.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/problem/case.h"
#include "harness/problem/data.h"
#include "properties/tests/problem/safetensors_bytes.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

const std::string kLayer0 = FLASHDIFF_SOURCE_DIR "/properties/data/minilm_layer0.safetensors";
const std::string kLayer5 = FLASHDIFF_SOURCE_DIR "/properties/data/minilm_layer5.safetensors";

TEST(Activations, TheCapturesAreWhatTheirReadmeSays) {
  for (const std::string& path : {kLayer0, kLayer5}) {
    const auto read = load_activations(path);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ((*read)->lengths, (std::vector<int>{5, 13, 24, 56, 97, 5}));
    EXPECT_EQ((*read)->h_q, 12);
    EXPECT_EQ((*read)->h_kv, 12);
    EXPECT_EQ((*read)->d_qk, 32);
    EXPECT_EQ((*read)->d_v, 32);
    EXPECT_EQ((*read)->dtype, DType::f16);
    EXPECT_EQ((*read)->scale, static_cast<float>(1 / std::sqrt(32.0)));
  }
}

/// One row of attention by the definition, in double.
std::vector<double> attend(const Activations& a, int text, int head, int query) {
  const int keys = a.lengths[static_cast<std::size_t>(text)];
  std::vector<double> scores, out(static_cast<std::size_t>(a.d_v), 0.0);
  for (int j = 0; j < keys; ++j) {
    double dot = 0;
    for (int c = 0; c < a.d_qk; ++c)
      dot += static_cast<double>(a.data.q.row(text, head, query)[c]) * a.data.k.row(text, head, j)[c];
    scores.push_back(dot * a.scale);
  }
  const double top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& s : scores) sum += s = std::exp(s - top);
  for (int j = 0; j < keys; ++j)
    for (int c = 0; c < a.d_v; ++c)
      out[static_cast<std::size_t>(c)] +=
          scores[static_cast<std::size_t>(j)] / sum * a.data.v.row(text, head, j)[c];
  return out;
}

TEST(Activations, TheStoredOutputIsTheAttentionOfTheStoredInputs) {
  for (const std::string& path : {kLayer0, kLayer5}) {
    const Activations& a = **load_activations(path);
    ASSERT_EQ(a.model_output.sequences(), 6);
    for (int text = 0; text < 6; ++text)
      for (int head = 0; head < a.h_q; ++head)
        for (int row = 0; row < a.lengths[static_cast<std::size_t>(text)]; ++row) {
          const std::vector<double> expected = attend(a, text, head, row);
          for (int c = 0; c < a.d_v; ++c)  // f32 sums of up to 97 terms near 1, scores up to 60
            ASSERT_NEAR(a.model_output.row(text, head, row)[c], expected[static_cast<std::size_t>(c)], 5e-5)
                << path << " text " << text << " head " << head << " row " << row << " column " << c;
        }
  }
}

TEST(Activations, ReadsValidRowsOnly) {
  const testing::SmallCapture capture;
  const auto read = read_activations(capture.bytes(), "x");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->lengths, (std::vector<int>{2, 1}));
  EXPECT_EQ(read->scale, 0.5f);
  EXPECT_EQ(read->data.q.row(1, 1, 0)[0], 10.0f);  // [1][0][1][0] of [2, 2, 2, 2]
  EXPECT_EQ(read->data.k.row(0, 0, 1)[1], 3.0f);
  EXPECT_EQ(read->data.v.values().size(), 3u);
  EXPECT_TRUE(read->model_output.values().empty());
}

TEST(Activations, AreReadOnceAndByAnyThread) {
  std::vector<const Activations*> seen(4, nullptr);
  {
    std::vector<std::jthread> threads;
    for (const Activations*& one : seen) threads.emplace_back([&one] { one = *load_activations(kLayer5); });
  }
  EXPECT_THAT(seen, ::testing::Each(seen.front()));
}

TEST(Activations, WhatIsNoFileIsRefusedInOneLine) {
  const std::string folder = ::testing::TempDir();
  const auto missing = load_activations(folder + "/there is no such file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(missing.error().what,
              HasSubstr("No such file or directory, expected a readable safetensors file"));
  const auto a_folder = load_activations(folder);
  ASSERT_FALSE(a_folder);
  EXPECT_THAT(a_folder.error().what, HasSubstr("not a regular file, expected a readable safetensors file"));
  const auto endless = load_activations("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_THAT(endless.error().what, HasSubstr("not a regular file"));
}

Outcome<LogicalData> data_of(const std::string& keys, const std::string& rest) {
  const auto c =
      parse_case("fd1 " + keys + " dt=f32 lay=left mask=none seed=0 data=file file=" + kLayer0 + " " + rest);
  if (!c) return tl::unexpected(c.error());
  return make_data(c->problem);
}

TEST(FileFamily, TakesTextsByIndex) {
  const Activations& a = **load_activations(kLayer0);
  const auto data = data_of("b=2 hq=12 hk=12 d=32 dv=32 q=24,5 kv=24,5", "rows=2,0");
  ASSERT_TRUE(data) << data.error().what;
  for (int head : {0, 11}) {
    EXPECT_EQ(data->q.row(0, head, 23)[31], a.data.q.row(2, head, 23)[31]);
    EXPECT_EQ(data->k.row(1, head, 4)[7], a.data.k.row(0, head, 4)[7]);
    EXPECT_EQ(data->v.row(1, head, 0)[0], a.data.v.row(0, head, 0)[0]);
  }
}

TEST(FileFamily, FewerQueriesAreTheLastOnesAsWhenDecodingWithACache) {
  const Activations& a = **load_activations(kLayer0);
  const auto data = data_of("b=1 hq=2 hk=1 d=16 dv=8 q=1 kv=20", "rows=2");
  ASSERT_TRUE(data) << data.error().what;
  EXPECT_EQ(data->q.row(0, 1, 0)[15], a.data.q.row(2, 1, 19)[15]);
  EXPECT_EQ(data->k.row(0, 0, 19)[0], a.data.k.row(2, 0, 19)[0]);
}

TEST(FileFamily, SaysWhatTheCaptureLacks) {
  const auto why = [](const std::string& keys, const std::string& rest) {
    const auto data = data_of(keys, rest);
    return data ? "accepted" : data.error().what;
  };
  EXPECT_THAT(why("b=1 hq=24 hk=12 d=32 dv=32 q=5 kv=5", "rows=0"), HasSubstr("hq=24, expected at most 12"));
  EXPECT_THAT(why("b=1 hq=1 hk=1 d=33 dv=32 q=5 kv=5", "rows=0"), HasSubstr("d=33, expected at most 32"));
  EXPECT_THAT(why("b=1 hq=1 hk=1 d=32 dv=32 q=5 kv=6", "rows=0"), HasSubstr("kv=6, expected at most 5"));
  EXPECT_THAT(why("b=1 hq=1 hk=1 d=32 dv=32 q=5 kv=5", "rows=6"),
              HasSubstr("rows names text 6, expected 0 to 5"));
}

}  // namespace
}  // namespace flashdiff
