#include "harness/backend/backend.h"

#include <gmock/gmock.h>

#include "harness/problem/call_before.h"
#include "properties/tests/oracle/fake_backend.h"
#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

using ::testing::AllOf;
using testing::FakeBackend;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LaidOut sent(const std::string& line) {
  const Case c = parse_case(line).value();
  return lay_out(c, make_data(c.problem).value());
}
LaidOut padded() {
  return sent("fd1 b=2 hq=2 hk=1 d=8 dv=8 dt=f16 lay=left pad=3 q=5,2 kv=4,9 mask=none data=normal seed=0x1");
}

/// What Backend::run() reports of a backend that answers rightly and then does `plant`.
TouchedReport touched_by(const FakeBackend::Plant& plant) {
  FakeBackend backend(plant);
  const auto answer = backend.run(padded());
  EXPECT_TRUE(answer) << answer.error().what;
  return answer ? answer->touched : TouchedReport{};
}
void flip(std::byte& byte) { byte ^= std::byte{0x10}; }

TEST(BackendRun, ARightAnswerTouchesNothing) {
  FakeBackend backend;
  const LaidOut question = padded();
  const auto answer = backend.run(question);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->touched.count, 0);
  EXPECT_EQ(answer->o.rows(0), 5);
  EXPECT_EQ(answer->o.rows(1), 2);
  EXPECT_EQ(answer->bytes_of_rows.size(), 7u * 2 * (8 * 2 + 4)) << "rows of O in f16, LSE in f32";
}

TEST(BackendRun, APaddingRowOfTheOutputIsGuarded) {
  const auto touched = touched_by([](LaidOut& io) -> Outcome<void> {
    const std::int64_t row =
        io.o.place.address(1, 0, 1) - io.o.place.row_stride;  // above the first row: padding
    flip(io.o.body()[row * 2]);
    return {};
  });
  ASSERT_EQ(touched.count, 1);
  EXPECT_EQ(touched.first[0].role, TensorRole::o);
  EXPECT_THAT(touched.first[0].where, HasSubstr("padding"));
}

TEST(BackendRun, BothGuardBandsOfEveryTensorAreGuarded) {
  for (const auto tensor : {&LaidOut::q, &LaidOut::k, &LaidOut::v, &LaidOut::o, &LaidOut::lse})
    for (const bool last : {false, true}) {
      const auto touched = touched_by([&](LaidOut& io) -> Outcome<void> {
        auto& bytes = (io.*tensor).bytes;
        flip(last ? bytes.back() : bytes.front());
        return {};
      });
      ASSERT_EQ(touched.count, 1);
      EXPECT_THAT(touched.first[0].where, HasSubstr("guard band"));
    }
}

TEST(BackendRun, InputsAreNotTheBackendsToChange) {
  for (const auto tensor : {&LaidOut::q, &LaidOut::k, &LaidOut::v}) {
    const auto touched = touched_by([&](LaidOut& io) -> Outcome<void> {
      flip((io.*tensor).body()[(io.*tensor).place.address(0, 0, 0) * 2]);
      return {};
    });
    EXPECT_EQ(touched.count, 1) << "even in a logical row";
  }
}

TEST(BackendRun, ManyTouchesAreCountedAndSomeDescribed) {
  const auto touched = touched_by([](LaidOut& io) -> Outcome<void> {
    for (std::size_t i = 0; i < 100; ++i) flip(io.o.bytes[2 * i]);
    for (std::size_t i = 0; i < 100; ++i) flip(io.lse.bytes[4 * i]);
    return {};
  });
  EXPECT_GE(touched.count, 100);
  EXPECT_EQ(touched.first.size(), 8u);
}

TEST(BackendRun, WhatIsSentIsNotChanged) {
  const LaidOut question = padded();
  const auto before = question.o.bytes;
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    std::fill(io.o.bytes.begin(), io.o.bytes.end(), std::byte{0});
    return {};
  });
  ASSERT_TRUE(backend.run(question));
  EXPECT_EQ(question.o.bytes, before) << "the backend gets a copy";
}

TEST(BackendRun, AnErrorPassesThrough) {
  FakeBackend backend(
      [](LaidOut&) -> Outcome<void> { return fail(ErrorKind::device_fault, "stopped", "report"); });
  const auto answer = backend.run(padded());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::device_fault);
  EXPECT_EQ(answer.error().detail, "report");
}

TEST(BackendRun, LayoutsOfOneProblemGiveTheSameBytesOfRows) {
  FakeBackend backend;
  const std::string problem = " b=2 hq=2 hk=1 d=8 dv=8 dt=bf16 q=5,2 kv=4,9 mask=none data=normal seed=0x1";
  const auto left = backend.run(sent("fd1 lay=left pad=1" + problem));
  for (const char* layout :
       {"lay=right", "lay=both mem=bhsd pad=2", "lay=packed", "lay=packed mem=bhsd.view"})
    EXPECT_EQ(backend.run(sent(std::string("fd1 ") + layout + problem))->bytes_of_rows, left->bytes_of_rows)
        << layout;
}

TEST(BackendRunAfter, TheCallBeforeIsMadeFirstAndTheSecondIsJudged) {
  const std::string line =
      "fd1 b=2 hq=2 hk=1 d=8 dv=8 dt=f16 lay=left pad=3 q=5,2 kv=4,9 mask=none data=normal seed=0x1";
  const auto fresh = FakeBackend().run(sent(line));
  for (const char* after : {"itself", "another"}) {
    FakeBackend backend;
    const LaidOut question = sent(line + " after=" + after);
    const auto answer = backend.run(question);
    ASSERT_TRUE(answer);
    ASSERT_EQ(backend.asked.size(), 2u);
    EXPECT_EQ(backend.asked[0], call_before(question.question));
    EXPECT_EQ(backend.asked[1], question.question);
    EXPECT_EQ(answer->bytes_of_rows, fresh->bytes_of_rows);
    EXPECT_EQ(answer->touched.count, 0);
  }
}

TEST(BackendRunAfter, AFaultOfTheCallBeforeIsOneAndSaysSo) {
  FakeBackend backend([calls = 0](LaidOut&) mutable -> Outcome<void> {
    return ++calls == 1 ? fail(ErrorKind::device_fault, "stopped", "report") : Outcome<void>{};
  });
  const auto answer = backend.run(sent(
      "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=left q=2 kv=9 mask=none data=normal seed=0x1 after=another"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::device_fault);
  EXPECT_THAT(answer.error().what,
              AllOf(HasSubstr("in the call before, 'fd1 b=1 "), HasSubstr("kv=137"), HasSubstr("stopped")));
  EXPECT_EQ(backend.asked.size(), 1u);
}

TEST(BackendRunAfter, ACallBeforeThatIsNotTakenIsUnsupported) {
  FakeBackend backend;
  backend.refuses = [](const Case& c) { return c.problem.sequences[0].kv_len > 100; };
  const auto answer = backend.run(sent(
      "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=left q=2 kv=9 mask=none data=normal seed=0x1 after=another"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(answer.error().what, HasSubstr("not by a fake"));
}

/// Writes zeros into every logical row of dQ, dK and dV, and then does `plant`.
class ZeroGradients : public Backend {
 public:
  explicit ZeroGradients(FakeBackend::Plant plant = {}) : Backend("zeros"), plant_(std::move(plant)) {}
  [[nodiscard]] Support supports(const Case&) const override { return {}; }
  [[nodiscard]] Numerics numerics(const Problem&) const override { return {}; }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    for (TensorRole role : outputs_of(io.question.problem.pass)) {
      LaidOutTensor& to = io.of(role);
      testing::write_rows(to, LogicalTensor<double>(to.place.rows, to.place.heads, to.place.width));
    }
    return plant_ ? plant_(io) : Outcome<void>{};
  }
  FakeBackend::Plant plant_;
};

LaidOut backward() {
  return testing::laid_out(
      parse_case("fd1 b=2 hq=4 hk=2 d=8 dv=6 dt=f16 lay=both pad=3 q=5,2 kv=4,9 mask=none pass=backward "
                 "data=normal seed=0x1")
          .value());
}

TEST(BackendRunBackward, GivesTheGradientsAndNothingElse) {
  ZeroGradients backend;
  const auto answer = backend.run(backward());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->touched.count, 0);
  EXPECT_THAT(answer->dq.values(), ::testing::AllOf(::testing::SizeIs(7 * 4 * 8), ::testing::Each(0.0f)));
  EXPECT_THAT(answer->dk.values(), ::testing::AllOf(::testing::SizeIs(13 * 2 * 8), ::testing::Each(0.0f)));
  EXPECT_THAT(answer->dv.values(), ::testing::AllOf(::testing::SizeIs(13 * 2 * 6), ::testing::Each(0.0f)));
  EXPECT_THAT(answer->o.values(), IsEmpty());
  EXPECT_THAT(answer->lse.values(), IsEmpty());
  EXPECT_EQ(answer->bytes_of_rows.size(), 2u * (7 * 4 * 8 + 13 * 2 * 8 + 13 * 2 * 6));
}

TEST(BackendRunBackward, WhatTheForwardStoredAndTheGradientOfOAreInputs) {
  for (TensorRole role : inputs_of(Pass::backward)) {
    ZeroGradients backend([role](LaidOut& io) -> Outcome<void> {
      LaidOutTensor& tensor = io.of(role);
      flip(tensor.body()[tensor.place.address(1, 1, 1) * (role == TensorRole::lse ? 4 : 2)]);
      return {};
    });
    const auto answer = backend.run(backward());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->touched.count, 1) << name_of(role);
    EXPECT_EQ(answer->touched.first[0].role, role);
  }
}

TEST(BackendRunBackward, PaddingOfTheGradientsIsGuarded) {
  for (TensorRole role : outputs_of(Pass::backward)) {
    ZeroGradients backend([role](LaidOut& io) -> Outcome<void> {
      LaidOutTensor& tensor = io.of(role);
      flip(tensor.body()[(tensor.place.address(1, 0, 1) - tensor.place.row_stride) * 2]);
      return {};
    });
    const auto answer = backend.run(backward());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->touched.count, 1) << name_of(role);
    EXPECT_THAT(answer->touched.first[0].where, HasSubstr("padding"));
  }
}

}  // namespace
}  // namespace flashdiff
