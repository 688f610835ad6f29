#include <cstdlib>

#include <gmock/gmock.h>

#include "harness/backend/cudnn/cudnn.h"
#include "harness/backend/cudnn/handed.h"
#include "harness/oracle/judge.h"
#include "harness/problem/data.h"
#include "harness/timing/timeable.h"
#include "properties/random_cases.h"

// cuDNN as an answerer, with a process in its place that computes what a graph means: how a case is handed
// over and taken back, and what becomes of a process that does not behave.

namespace flashdiff {
namespace {

using cudnn::Way;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<Backend> stand_in(const std::string& how = "well", std::optional<Way> way = {}) {
  return cudnn_backend("cudnn", {way}, std::vector<std::string>{STAND_IN_CUDNN, how}).value();
}
Case case_of(const std::string& line) { return parse_case(line).value(); }

const Case kLeft = case_of(
    "fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17 kv=70,64 mask=causal_br data=normal seed=0x2a");
const Case kRight =
    case_of("fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=bf16 lay=right q=5,17 kv=70,64 mask=none data=normal seed=0x2a");

Verdict verdict_of(Backend& backend, const Case& c) { return examine(backend, c).verdict; }

/// Layouts, views, orders, holes, pages, masks, modifiers, both passes, all four ways.
TEST(CudnnBackend, RandomCasesComeThroughEveryWay) {
  // FLASHDIFF_CUDNN_CASES: more by hand.
  const char* const said = std::getenv("FLASHDIFF_CUDNN_CASES");
  const std::uint64_t cases = said == nullptr ? 60 : std::strtoull(said, nullptr, 10);
  std::map<Way, std::unique_ptr<Backend>> by_way;
  for (const Way way : {Way::lengths, Way::ragged, Way::bias, Way::compaction})
    by_way[way] = stand_in("well", way);
  std::map<Way, int> judged;
  CaseOptions options;
  options.dtypes = {DType::f16, DType::bf16};
  for (std::uint64_t i = 0; i < cases; ++i) {
    Case c = draw_case(77, i, options).value();
    if (i % 3 == 0 && c.layout.page == 0) c.problem.pass = Pass::backward;
    if (i % 4 == 0 && c.layout.page == 0 && c.layout.padding != Padding::packed)
      c.layout.hole = static_cast<int>(1 + i % 7);
    for (const Way way : cudnn::ways_of(c)) {
      const Verdict verdict = verdict_of(*by_way.at(way), c);
      if (std::holds_alternative<verdict::Unsupported>(verdict)) continue;
      ASSERT_THAT(name_of(verdict), ::testing::StartsWith("pass"))
          << print(c) << " by " << name_of(way) << ": " << explain(verdict);
      ++judged[way];
    }
  }
  for (const auto& [way, count] : judged) EXPECT_GT(count, static_cast<int>(cases) / 8) << name_of(way);
  EXPECT_EQ(judged.size(), 4u);
}

/// Without stats there is no LSE: none comes back, and none is judged.
TEST(CudnnBackend, AnInferenceGivesOAlone) {
  const auto backend =
      cudnn_backend("cudnn_inference", {{}, true}, std::vector<std::string>{STAND_IN_CUDNN, "well"}).value();
  for (const Case& c : {kLeft, kRight}) {
    const Verdict verdict = verdict_of(*backend, c);
    const auto* pass = std::get_if<verdict::Pass>(&verdict);
    ASSERT_NE(pass, nullptr) << explain(verdict);
    ASSERT_EQ(pass->use.outputs.size(), 1u);
    EXPECT_EQ(pass->use.outputs.front().tensor, TensorRole::o);
  }
  Case training = kLeft;
  training.problem.pass = Pass::backward;
  EXPECT_THAT(backend->supports(training).why_not, HasSubstr("no backward pass"));
}

TEST(CudnnBackend, WhatItWritesWrongIsFound) {
  EXPECT_STREQ(name_of(verdict_of(*stand_in("wrong"), kLeft)), "mismatch");
  const Verdict guard = verdict_of(*stand_in("guard"), kLeft), input = verdict_of(*stand_in("input"), kLeft);
  EXPECT_STREQ(name_of(guard), "padding-touched");
  EXPECT_THAT(explain(guard), HasSubstr("guard band"));
  EXPECT_STREQ(name_of(input), "padding-touched");
}

/// Rows behind a length are zeroed, which is nothing promised; by offsets nobody may touch what lies between.
TEST(CudnnBackend, PaddingIsHeldUntouchedWhereThatIsPromised) {
  EXPECT_EQ(name_of(verdict_of(*stand_in(), kRight)), std::string("pass"));
  for (const Way way : {Way::lengths, Way::bias}) EXPECT_TRUE(cudnn::writes_padding_rows(way));
  for (const Way way : {Way::ragged, Way::compaction}) EXPECT_FALSE(cudnn::writes_padding_rows(way));
}

TEST(CudnnBackend, ADeathWhileItRunsIsACrashAndTheNextCaseIsAnswered) {
  const auto backend = stand_in("crash");
  for (int again = 0; again < 2; ++again) {
    const Verdict verdict = verdict_of(*backend, kLeft);
    EXPECT_STREQ(name_of(verdict), "crash");
    EXPECT_EQ(
        explain(verdict),
        "the process died: killed by signal 11 (Segmentation fault): cuDNN's process, while it ran this "
        "case");
  }
  const Verdict left = verdict_of(*stand_in("leaves"), kLeft);
  EXPECT_STREQ(name_of(left), "crash");
  EXPECT_THAT(explain(left), HasSubstr("exit code 3: cuDNN's process"));
}

TEST(CudnnBackend, AHangWhileItRunsIsATimeoutAndTheNextCaseIsAnswered) {
  const auto backend =
      cudnn_backend("cudnn", {}, std::vector<std::string>{STAND_IN_CUDNN, "hang"}, 0.2).value();
  for (int again = 0; again < 2; ++again) {
    const Verdict verdict = verdict_of(*backend, kLeft);
    ASSERT_STREQ(name_of(verdict), "timeout") << explain(verdict);
    EXPECT_GE(std::get<verdict::Timeout>(verdict).seconds, 0.2);
  }
}

TEST(CudnnBackend, AFaultIsOneAndAnEngineThatFailsIsNotExecuted) {
  EXPECT_STREQ(name_of(verdict_of(*stand_in("fault"), kLeft)), "fault");
  const Verdict failed = verdict_of(*stand_in("engine"), kLeft);
  EXPECT_STREQ(name_of(failed), "not-executed");
  EXPECT_THAT(explain(failed), HasSubstr("CUDNN_STATUS_EXECUTION_FAILED"));
}

TEST(CudnnBackend, WhatHasNoBudgetIsNotAsked) {
  Case c = kRight;
  c.problem.dtype = DType::f32;
  EXPECT_THAT(stand_in()->supports(c).why_not, HasSubstr("not documented"));
  c = kRight;
  c.problem.alibi = true;
  EXPECT_THAT(stand_in("well", Way::bias)->supports(c).why_not, HasSubstr("rounded to 16 bits"));
}

TEST(CudnnBackend, IsTimedInItsOwnProcess) {
  const auto backend = stand_in();
  timing::TimingPlan plan;
  plan.at_least = 7;
  const auto timed =
      dynamic_cast<timing::Timeable&>(*backend).time(lay_out(kLeft, make_data(kLeft.problem).value()), plan);
  ASSERT_TRUE(timed) << timed.error().what;
  EXPECT_EQ(timed->seconds.size(), 7u);
  EXPECT_THAT(timed->note, AllOf(HasSubstr("a stand-in"), HasSubstr("plan compiled")));
}

}  // namespace
}  // namespace flashdiff
