#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/oracle/judge.h"
#include "harness/problem/names.h"
#include "properties/tests/oracle/fake_backend.h"

namespace flashdiff {
namespace {

using testing::FakeBackend;
using ::testing::HasSubstr;
using testing::ragged;
using ::testing::StartsWith;

/// Adds one to a byte of the body of O.
void touch(LaidOutTensor& tensor, std::int64_t element) {
  std::byte& byte = tensor.body()[static_cast<std::size_t>(element) * bytes_of(tensor.dtype)];
  byte = static_cast<std::byte>(std::to_integer<unsigned>(byte) ^ 1u);
}

TEST(Examine, ARightBackendPassesInEveryLayout) {
  FakeBackend backend;
  const Examination examined = examine(backend, ragged());
  EXPECT_STREQ(name_of(examined.verdict), "pass") << explain(examined.verdict);
  EXPECT_GE(examined.device_ms, 0);
  std::set<Padding> paddings;
  for (const Case& asked : backend.asked) {
    EXPECT_EQ(asked.problem, ragged().problem);
    paddings.insert(asked.layout.padding);
    if (asked.layout != ragged().layout) {
      EXPECT_NE(asked.poison, ragged().poison);
    }
  }
  EXPECT_EQ(paddings.size(), 4u);  // a small case: all of them
  EXPECT_EQ(std::count_if(backend.asked.begin(), backend.asked.end(),
                          [](const Case& asked) { return asked.layout.page > 0; }),
            1);
}

TEST(Examine, ALargeCaseIsRunInOneOtherLayout) {
  FakeBackend backend;
  Case c = ragged();
  for (SequenceLengths& one : c.problem.sequences) one = {100, 100};
  EXPECT_FALSE(is_failure(examine(backend, c).verdict));
  ASSERT_EQ(backend.asked.size(), 2u);
  EXPECT_NE(backend.asked[1].layout, c.layout);
}

TEST(Examine, ACaseInPagesIsRunOnceOutOfThem) {
  FakeBackend backend;
  EXPECT_FALSE(is_failure(examine(backend, ragged("lay=left page=32")).verdict));
  ASSERT_EQ(backend.asked.size(), 5u);
  EXPECT_EQ(std::count_if(backend.asked.begin(), backend.asked.end(),
                          [](const Case& asked) { return asked.layout.page == 32; }),
            4);
}

/// Changes a bit of an output that K and V in pages led to.
Outcome<void> touch_in_pages(LaidOut& io) {
  if (io.question.layout.page > 0) touch(io.o, io.o.place.address(1, 14, 1) + 4);
  return {};
}

TEST(Examine, PagesThatChangeOneBitAreNotEquivalentWhereTheBackendSaysThatTheyKeepThem) {
  Case c = ragged();
  c.problem.dtype = DType::f32;  // whose budget has room for a changed bit
  FakeBackend keeps(touch_in_pages);
  const Examination examined = examine(keeps, c);
  const auto* found = std::get_if<verdict::NotEquivalent>(&examined.verdict);
  ASSERT_NE(found, nullptr) << explain(examined.verdict);
  EXPECT_THAT(found->against, HasSubstr(" page="));
  FakeBackend another_way(touch_in_pages);
  another_way.pages_keep_bits = false;
  EXPECT_FALSE(is_failure(examine(another_way, c).verdict));
}

TEST(Examine, PagesWithoutThatPromiseAreJudgedByTheirBudget) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.page > 0)
      store_element(io.o.dtype, io.o.body() + 2 * io.o.place.address(1, 3, 1), 77.0f);
    return {};
  });
  backend.pages_keep_bits = false;
  EXPECT_STREQ(name_of(examine(backend, ragged()).verdict), "mismatch");
}

TEST(Examine, AFreePageThatWasTouchedIsNamed) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    const Placement& v = io.v.place;
    for (std::int32_t page = 0; page < v.pages && v.page > 0; ++page)
      if (std::find(v.block_table.begin(), v.block_table.end(), page) == v.block_table.end())
        touch(io.v, v.origin + page * v.batch_stride);
    return {};
  });
  const Examination examined = examine(backend, ragged("lay=right page=16"));
  ASSERT_STREQ(name_of(examined.verdict), "padding-touched") << explain(examined.verdict);
  EXPECT_THAT(explain(examined.verdict), HasSubstr(", free, row 0, head 0, column 0"));
}

/// Changes the last bit of an element of the output in every layout but the case's own: of a row that sees
/// keys, since where nothing is added up no other bit is right.
FakeBackend::Plant touch_elsewhere(LaidOutTensor LaidOut::*output) {
  return [output](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding != Padding::left)
      touch(io.*output, (io.*output).place.address(0, 3, 0) + 4);
    return {};
  };
}

TEST(Examine, WithoutDeterminismOtherLayoutsAreHeldToTheirBudget) {
  Case c = ragged();
  c.problem.dtype = DType::f32;  // whose budget has room for a changed bit
  FakeBackend backend(touch_elsewhere(&LaidOut::o));
  EXPECT_STREQ(name_of(examine(backend, c).verdict), "not-equivalent");
  backend.deterministic = false;
  backend.asked.clear();
  EXPECT_FALSE(is_failure(examine(backend, c).verdict));
  EXPECT_EQ(backend.asked.size(), 5u);

  FakeBackend wrong([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding == Padding::packed)
      store_element(io.o.dtype, io.o.body() + 4 * io.o.place.address(1, 3, 1), 77.0f);
    return {};
  });
  wrong.deterministic = false;
  const Verdict found = examine(wrong, c).verdict;
  ASSERT_STREQ(name_of(found), "mismatch") << explain(found);
  EXPECT_THAT(explain(found), HasSubstr("with lay=packed"));
}

Case backward(const std::string& dtype = "f16") {
  return parse_case("fd1 pass=backward b=3 hq=2 hk=1 d=8 dv=8 dt=" + dtype +
                    " lay=left q=5,17,1 kv=20,9,12 mask=causal_br data=normal seed=0x51")
      .value();
}

TEST(Examine, TheBackwardPassInEveryLayout) {
  FakeBackend backend;
  const Examination examined = examine(backend, backward());
  EXPECT_FALSE(is_failure(examined.verdict)) << explain(examined.verdict);
  EXPECT_GT(examined.reference_ms, 0);
  std::set<Padding> paddings;
  for (const Case& asked : backend.asked) paddings.insert(asked.layout.padding);
  EXPECT_EQ(paddings.size(), 4u);
}

/// A sum by atomic additions may end in other bits of dQ, and of nothing else.
TEST(Examine, DqInAnyOrderIsHeldToItsBudgetAndTheOtherGradientsToTheirBits) {
  const auto verdict = [](LaidOutTensor LaidOut::*output, bool any_order) {
    FakeBackend backend(touch_elsewhere(output));
    backend.dq_in_any_order = any_order;
    return std::string(name_of(examine(backend, backward("f32")).verdict));
  };
  EXPECT_EQ(verdict(&LaidOut::dq, false), "not-equivalent");
  EXPECT_EQ(verdict(&LaidOut::dq, true).substr(0, 4), "pass");
  EXPECT_EQ(verdict(&LaidOut::dk, true), "not-equivalent");
  EXPECT_EQ(verdict(&LaidOut::dv, true), "not-equivalent");
}

TEST(Examine, GradientsThatAreWrongInAnotherLayoutAreFoundThoughDqIsInAnyOrder) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding == Padding::both)
      store_element(io.dq.dtype, io.dq.body() + 2 * io.dq.place.address(1, 3, 1), 77.0f);
    return {};
  });
  backend.dq_in_any_order = true;
  const Verdict found = examine(backend, backward()).verdict;
  ASSERT_STREQ(name_of(found), "mismatch") << explain(found);
  EXPECT_THAT(explain(found), HasSubstr("with lay=both"));
}

TEST(Examine, PaddingOfAGradientThatWasTouchedIsFound) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding == Padding::right) touch(io.dk, io.dk.place.address(1, 9, 0));
    return {};
  });
  backend.dq_in_any_order = true;
  const Verdict found = examine(backend, backward()).verdict;
  ASSERT_STREQ(name_of(found), "padding-touched") << explain(found);
  EXPECT_THAT(explain(found), HasSubstr("with lay=right"));
  EXPECT_THAT(explain(found), HasSubstr("dK: sequence 1"));
}

TEST(Examine, GradientsNeverWrittenAreNamed) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    io.dk = lay_out(io.question, *make_given(io.question.problem)).dk;
    return {};
  });
  const std::string told = explain(examine(backend, backward()).verdict);
  EXPECT_THAT(told, HasSubstr("never written"));
  EXPECT_THAT(told, HasSubstr("dK (dQ and dV are right)"));
}

// --- Appends

/// Two sequences with a past, one without.
Case append(const std::string& layout = "lay=left") {
  return parse_case("fd1 pass=append b=3 hq=4 hk=2 d=8 dv=6 dt=f16 " + layout +
                    " q=3,5,2 kv=20,9,2 mask=none rope=half data=normal seed=0x51")
      .value();
}

TEST(Examine, AnAppendIsJudgedInEveryLayout) {
  FakeBackend backend;
  const Verdict found = examine(backend, append()).verdict;
  ASSERT_STREQ(name_of(found), "pass") << explain(found);
  EXPECT_EQ(backend.asked.size(), 5u) << "three other paddings, and once in pages";
  EXPECT_EQ(std::get<verdict::Pass>(found).use.outputs.size(), 3u);
}

/// What the cache holds before is not the append's to write, in any layout.
TEST(Examine, APastTokenThatWasWrittenIsNamed) {
  for (const char* layout : {"lay=left", "lay=right", "lay=packed pad=1", "lay=both page=16"}) {
    FakeBackend backend([](LaidOut& io) -> Outcome<void> {
      Placement cache = io.v.place;
      cache.first_row[0] -= 2;  // the last but one of the 17 tokens that were there
      touch(io.v, cache.address(0, 0, 1) + 3);
      return {};
    });
    const Verdict found = examine(backend, append(layout)).verdict;
    ASSERT_STREQ(name_of(found), "padding-touched") << layout << ": " << explain(found);
    EXPECT_THAT(explain(found), HasSubstr("V: "));
    EXPECT_THAT(explain(found), HasSubstr("sequence 0, past token 15, head 1, column 3")) << layout;
  }
}

TEST(Examine, NewTokensAreAnInputThatNobodyMayChange) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    touch(io.k_new, io.k_new.place.address(1, 4, 0));
    return {};
  });
  const Verdict found = examine(backend, append()).verdict;
  ASSERT_STREQ(name_of(found), "padding-touched") << explain(found);
  EXPECT_THAT(explain(found), HasSubstr("new K: sequence 1"));
}

TEST(Examine, ATokenThatWasNeverWrittenIsNamed) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    const LaidOut before = lay_out(io.question, *make_given(io.question.problem));
    for (int head = 0; head < 2; ++head) {
      const auto at = static_cast<std::size_t>(2 * io.k.place.address(1, 4, head));
      std::copy_n(before.k.body() + at, 2 * 8, io.k.body() + at);
    }
    return {};
  });
  const std::string told = explain(examine(backend, append()).verdict);
  EXPECT_THAT(told, HasSubstr("K (turned Q and V are right) in sequence 1 (q_len 5, kv_len 9)"));
  EXPECT_THAT(told, HasSubstr("new token 4 (the last new token)"));
  EXPECT_THAT(told, HasSubstr("never written"));
}

TEST(Examine, ACacheInPagesThatHoldsAnotherBitIsNotEquivalent) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.page > 0) touch(io.k, io.k.place.address(0, 1, 1) + 4);
    return {};
  });
  Case c = append();
  c.problem.dtype = DType::f32;  // whose budget has room for a changed bit
  const Verdict found = examine(backend, c).verdict;
  const auto* differs = std::get_if<verdict::NotEquivalent>(&found);
  ASSERT_NE(differs, nullptr) << explain(found);
  EXPECT_EQ(differs->at, (ElementAt{TensorRole::k, 0, 1, 1, 4}));
  EXPECT_THAT(explain(found), HasSubstr("K[sequence 0, kv-head 1, new token 1, column 4]"));
  EXPECT_THAT(differs->against, HasSubstr(" page="));
}

TEST(Examine, AnAppendThatIsWrongInAnotherLayoutOnlySaysWhich) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding == Padding::right)
      store_element(io.q_rot.dtype, io.q_rot.body() + 2 * io.q_rot.place.address(2, 1, 3), 77.0f);
    return {};
  });
  backend.deterministic = false;
  const Verdict found = examine(backend, append()).verdict;
  ASSERT_STREQ(name_of(found), "mismatch") << explain(found);
  EXPECT_THAT(explain(found), HasSubstr("with lay=right"));
}

TEST(Examine, TheReferenceIsRememberedForAnotherLayout) {
  FakeBackend backend;
  Case c = ragged();
  c.problem.seed = 0xfeed;
  EXPECT_GT(examine(backend, c).reference_ms, 0);
  c.layout.padding = Padding::packed;
  EXPECT_EQ(examine(backend, c).reference_ms, 0);
}

TEST(Examine, ALayoutThatChangesOneBitIsNotEquivalent) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding == Padding::packed) touch(io.o, io.o.place.address(1, 3, 1) + 4);
    return {};
  });
  const Examination examined = examine(backend, ragged());
  const auto* found = std::get_if<verdict::NotEquivalent>(&examined.verdict);
  ASSERT_NE(found, nullptr) << explain(examined.verdict);
  EXPECT_EQ(found->at, (ElementAt{TensorRole::o, 1, 1, 3, 4}));
  EXPECT_EQ(found->differing, 1);
  EXPECT_THAT(found->against, StartsWith("lay=packed"));
  EXPECT_THAT(explain(examined.verdict), HasSubstr("1 element differs"));
}

TEST(Examine, TouchedPaddingIsFound) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    touch(io.o, io.o.place.address(0, 0, 0) - io.o.place.row_stride);  // the row left of row 0
    return {};
  });
  const Examination examined = examine(backend, ragged());
  ASSERT_STREQ(name_of(examined.verdict), "padding-touched") << explain(examined.verdict);
  EXPECT_THAT(explain(examined.verdict), HasSubstr("O: sequence 0, padding row 1 left of row 0"));
}

TEST(Examine, PaddingTouchedInAnotherLayoutOnlySaysWhich) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    if (io.question.layout.padding == Padding::right) touch(io.k, io.k.place.address(1, 9, 0));
    return {};
  });
  const Examination examined = examine(backend, ragged());
  ASSERT_STREQ(name_of(examined.verdict), "padding-touched") << explain(examined.verdict);
  EXPECT_THAT(explain(examined.verdict), HasSubstr("with lay=right"));
}

TEST(Examine, RowsNeverWrittenAreNamed) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    const LaidOut fresh = lay_out(io.question, *make_given(io.question.problem));
    io.o = fresh.o;
    io.lse = fresh.lse;
    return {};
  });
  EXPECT_THAT(explain(examine(backend, ragged()).verdict), HasSubstr("never written"));
}

TEST(Examine, ALeakOfPoisonIsNamed) {
  FakeBackend backend([](LaidOut& io) -> Outcome<void> {
    // Row 0 of sequence 1 as it comes out when V's padding, times a weight of 0, was added.
    for (int column = 0; column < io.o.place.width; ++column)
      store_element(io.o.dtype,
                    io.o.body() + static_cast<std::size_t>(io.o.place.address(1, 0, 0) + column) * 2,
                    -std::numeric_limits<float>::quiet_NaN());
    return {};
  });
  EXPECT_THAT(explain(examine(backend, ragged()).verdict),
              HasSubstr("poison leaks in (the padding holds NaN)"));
}

TEST(Examine, WhatADeviceOrABackendSaysBecomesAVerdict) {
  FakeBackend faulty(
      [](LaidOut&) { return Outcome<void>(fail(ErrorKind::device_fault, "read of 4 bytes", "report")); });
  const Examination fault = examine(faulty, ragged());
  ASSERT_STREQ(name_of(fault.verdict), "fault");
  EXPECT_EQ(std::get<verdict::Fault>(fault.verdict).report, "report");

  FakeBackend died([](LaidOut&) { return Outcome<void>(fail(ErrorKind::crash, "signal 11")); });
  EXPECT_EQ(explain(examine(died, ragged()).verdict), "the process died: signal 11");
  FakeBackend hung([](LaidOut&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return Outcome<void>(fail(ErrorKind::timeout, "killed"));
  });
  const Examination late = examine(hung, ragged());
  ASSERT_STREQ(name_of(late.verdict), "timeout");
  EXPECT_GE(std::get<verdict::Timeout>(late.verdict).seconds, 0.02);

  FakeBackend lost([](LaidOut&) { return Outcome<void>(harness_error("no device")); });
  EXPECT_STREQ(name_of(examine(lost, ragged()).verdict), "not-executed");

  FakeBackend refusing;
  refusing.refuses = [](const Case&) { return true; };
  EXPECT_STREQ(name_of(examine(refusing, ragged()).verdict), "unsupported");
  EXPECT_TRUE(refusing.asked.empty());
}

TEST(Examine, AFaultInAnotherLayoutSaysWhich) {
  for (const ErrorKind kind : {ErrorKind::device_fault, ErrorKind::crash}) {
    FakeBackend faulty([kind](LaidOut& io) -> Outcome<void> {
      if (io.question.layout.padding != Padding::both) return {};
      return fail(kind, "read of 4 bytes");
    });
    EXPECT_THAT(explain(examine(faulty, ragged()).verdict), HasSubstr("with lay=both"));
  }
}

TEST(Examine, LayoutsThatABackendRefusesAreNotAsked) {
  FakeBackend backend;
  backend.refuses = [](const Case& c) { return c.layout.padding == Padding::packed; };
  EXPECT_FALSE(is_failure(examine(backend, ragged()).verdict));
  for (const Case& asked : backend.asked) EXPECT_NE(asked.layout.padding, Padding::packed);
}

TEST(Examine, ACaptureThatCannotBeReadIsNotExecuted) {
  FakeBackend backend;
  const Case c = parse_case(
                     "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=right q=5 kv=5 mask=none data=file "
                     "file=/nowhere/x.safetensors rows=0 seed=0x0")
                     .value();
  const Examination examined = examine(backend, c);
  ASSERT_STREQ(name_of(examined.verdict), "not-executed");
  EXPECT_THAT(explain(examined.verdict), HasSubstr("/nowhere/x.safetensors"));
}

TEST(Examine, ACaptureIsExaminedAsAnyOtherCase) {
  FakeBackend backend;
  const Case c =
      parse_case("fd1 b=2 hq=12 hk=12 d=32 dv=32 dt=f16 lay=left q=5,13 kv=5,13 mask=none data=file file=" +
                 std::string(FLASHDIFF_SOURCE_DIR) +
                 "/properties/data/minilm_layer5.safetensors rows=0,1 seed=0x0")
          .value();
  const Examination examined = examine(backend, c);
  EXPECT_FALSE(is_failure(examined.verdict)) << explain(examined.verdict);
  EXPECT_GT(backend.asked.size(), 1u);
}

}  // namespace
}  // namespace flashdiff
