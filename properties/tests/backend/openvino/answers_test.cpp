#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/backend/openvino/openvino.h"
#include "harness/oracle/judge.h"
#include "reference/given.h"

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<Backend> opened() {
  auto backend = openvino_backend();
  if (!backend) throw std::runtime_error(backend.error().what);
  return std::move(*backend);
}

Case parsed(const std::string& line) {
  auto c = parse_case(line);
  if (!c) throw std::invalid_argument(c.error().what);
  return *c;
}

TEST(OpenVino, AnswersWithinItsBudgetInEveryLayoutMaskAndDtype) {
  const auto backend = opened();
  for (const char* layout : {"left", "right mem=bhsd pad=3", "both mem=bshd.view", "packed", "right hole=3",
                             "left mem=bhsd hole=5 pad=2", "both mem=bshd.view hole=1"})
    for (const char* rest :
         {"hq=4 hk=4 d=64 dv=64 dt=f32 q=5,17,1 kv=70,64,9 mask=causal_br data=normal",
          "hq=6 hk=2 d=40 dv=24 dt=f16 q=5,17,1 kv=70,64,9 mask=window:7,3 data=rising",
          "hq=4 hk=1 d=96 dv=200 dt=bf16 q=33,0,64 kv=33,0,64 mask=none data=normal poison=huge",
          "hq=2 hk=2 d=7 dv=1 dt=f32 q=64,65 kv=64,65 mask=causal_tl data=alternating poison=dirty",
          "hq=4 hk=2 d=32 dv=32 dt=f32 q=1,5,130 kv=1,130,130 mask=causal_br data=normal alibi=on",
          "hq=1 hk=1 d=256 dv=256 dt=f32 q=1 kv=1030 mask=none data=very_negative"}) {
      std::string line = rest;
      const auto q = line.find(" q=");
      const auto sequences =
          1 + std::count(line.begin() + static_cast<std::ptrdiff_t>(q),
                         line.begin() + static_cast<std::ptrdiff_t>(line.find(" kv=")), ',');
      line = "fd1 b=" + std::to_string(sequences) + " lay=" + layout + " seed=0x2a " + line;
      const Verdict verdict = examine(*backend, parsed(line)).verdict;
      ASSERT_FALSE(is_failure(verdict)) << line << "\n" << explain(verdict);
      ASSERT_THAT(name_of(verdict), ::testing::StartsWith("pass")) << line << "\n" << explain(verdict);
    }
}

TEST(OpenVino, ADisturbedInputIsAMismatch) {
  const auto backend = opened();
  const Case c = parsed(
      "fd1 b=2 hq=4 hk=2 d=32 dv=32 dt=f32 lay=left q=5,17 kv=20,17 mask=causal_br data=normal seed=0x7");
  const LogicalData data = make_given(c.problem).value();
  LogicalData disturbed = data;
  disturbed.k.row(1, 1, 16)[3] += 0.01f;
  const Numerics numerics = backend->numerics(c.problem);
  const Wanted asked = wanted(c.problem, data, numerics);
  const auto right = backend->run(lay_out(c, data)), wrong = backend->run(lay_out(c, disturbed));
  ASSERT_TRUE(right && wrong);
  EXPECT_FALSE(is_failure(judge(c, numerics, asked, *right)));
  const Verdict verdict = judge(c, numerics, asked, *wrong);
  ASSERT_STREQ(name_of(verdict), "mismatch");
  EXPECT_THAT(explain(verdict), AllOf(HasSubstr("sequence 1"), HasSubstr("the heads of kv-head 1")));
}

TEST(OpenVino, LseIsNeitherWrittenNorJudged) {
  const auto backend = opened();
  const Case c =
      parsed("fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=right q=4 kv=4 mask=none data=normal seed=0x1");
  const LaidOut sent = lay_out(c, make_given(c.problem).value());
  const auto answer = backend->run(sent);
  ASSERT_TRUE(answer);
  for (const float value : answer->lse.values()) EXPECT_TRUE(std::isnan(value));
  const Verdict verdict = examine(*backend, c).verdict;
  const auto* pass = std::get_if<verdict::Pass>(&verdict);
  ASSERT_NE(pass, nullptr) << explain(verdict);
  ASSERT_EQ(pass->use.outputs.size(), 1u);
  EXPECT_EQ(pass->use.outputs.front().tensor, TensorRole::o);
}

TEST(OpenVino, WhatItCannotDoIsRefusedWithItsReason) {
  const auto backend = opened();
  const auto why_not = [&](const std::string& rest) {
    return backend
        ->supports(parsed("fd1 b=1 hq=2 hk=2 d=8 dv=8 dt=f32 lay=right data=normal seed=0x1 " + rest))
        .why_not;
  };
  EXPECT_EQ(why_not("q=4 kv=4 mask=none"), "");
  EXPECT_THAT(why_not("q=4 kv=4 mask=none softcap=5"), HasSubstr("no softcap"));
  EXPECT_THAT(why_not("q=4 kv=4 mask=none sink=1"), HasSubstr("sink"));
  EXPECT_THAT(why_not("q=4 kv=4 mask=none page=16"), HasSubstr("pages"));
  EXPECT_THAT(why_not("q=4 kv=4 mask=none pass=backward"), HasSubstr("forward pass only"));
  EXPECT_THAT(why_not("q=4 kv=0 mask=none"), HasSubstr("sees no key"));
  EXPECT_THAT(why_not("q=5 kv=4 mask=causal_br"), HasSubstr("sees no key"));
  EXPECT_EQ(why_not("q=0 kv=0 mask=none"), "");
  const auto by_flag = openvino_backend(CausalBy::flag);
  ASSERT_TRUE(by_flag);
  EXPECT_THAT(
      (*by_flag)
          ->supports(parsed("fd1 b=1 hq=2 hk=2 d=8 dv=8 dt=f32 lay=right data=normal seed=0x1 q=3 kv=4 "
                            "mask=causal_br"))
          .why_not,
      HasSubstr("as many queries as keys"));
  EXPECT_THAT(why_not("q=40000 kv=40000 mask=none"), HasSubstr("1 GiB"));
}

TEST(OpenVino, SaysWhichItIsAndThatAttentionFused) {
  EXPECT_THAT(opened()->about(),
              AllOf(HasSubstr("OpenVINO 20"), HasSubstr("fused into one node: Subgraph (jit_")));
}

}  // namespace
}  // namespace flashdiff
