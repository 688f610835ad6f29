#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/data.h"
#include "harness/problem/laid_out.h"
#include "harness/problem/numbers.h"
#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

/// Which bytes of the whole buffer belong to a logical row.
std::vector<bool> logical_bytes(const LaidOutTensor& tensor) {
  std::vector<bool> logical(tensor.bytes.size(), false);
  const std::size_t size = bytes_of(tensor.dtype);
  const Placement& place = tensor.place;
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    for (int row = 0; row < place.rows[static_cast<std::size_t>(s)]; ++row)
      for (int head = 0; head < place.heads; ++head) {
        const auto at =
            LaidOutTensor::guard_bytes + static_cast<std::size_t>(place.address(s, row, head)) * size;
        for (std::size_t byte = 0; byte < static_cast<std::size_t>(place.width) * size; ++byte)
          logical[at + byte] = true;
      }
  return logical;
}

void flip(LaidOutTensor& tensor, std::size_t byte, unsigned bit) {
  tensor.bytes[byte] ^= static_cast<std::byte>(1u << bit);
}

RC_GTEST_PROP(FindTouched, AnyFlippedBitOutsideTheRowsOfAnOutputIsFoundAndNoneInside, ()) {
  const Case c = *testing::any_case();
  const LaidOut laid = testing::laid_out(c);
  const auto outputs = outputs_of(c.problem.pass);
  const LaidOutTensor& sent = laid.of(*rc::gen::elementOf(std::vector(outputs.begin(), outputs.end())));
  const auto byte = *rc::gen::inRange<std::size_t>(0, sent.bytes.size());
  LaidOutTensor back = sent;
  flip(back, byte, *rc::gen::inRange(0u, 8u));
  const TouchedReport report = find_touched(sent, back);
  if (logical_bytes(sent)[byte]) {
    RC_ASSERT(report.count == 0);
    return;
  }
  RC_ASSERT(report.count == 1);
  RC_ASSERT(report.first.size() == 1u);
  const auto size = static_cast<std::int64_t>(bytes_of(sent.dtype));
  const auto from_body =
      static_cast<std::int64_t>(byte) - static_cast<std::int64_t>(LaidOutTensor::guard_bytes);
  RC_ASSERT(report.first[0].element * size <= from_body);
  RC_ASSERT(from_body < report.first[0].element * size + size);
  RC_ASSERT(report.first[0].role == sent.role);
  RC_ASSERT(!report.first[0].where.empty());
}

RC_GTEST_PROP(FindTouched, EveryBitOfAnInputCounts, ()) {
  const Case c = *testing::any_case();
  const LaidOut laid = testing::laid_out(c);
  for (TensorRole role : inputs_of(c.problem.pass)) {
    const LaidOutTensor* const sent = &laid.of(role);
    RC_ASSERT(find_touched(*sent, *sent).count == 0);
    LaidOutTensor back = *sent;
    flip(back, *rc::gen::inRange<std::size_t>(0, sent->bytes.size()), 0);
    RC_ASSERT(find_touched(*sent, back).count == 1);
  }
}

RC_GTEST_PROP(FindTouched, CountsThemAllAndDescribesTheFirst, ()) {
  const Case c = *testing::any_case();
  const LaidOut laid = testing::laid_out(c);
  const LaidOutTensor& out = laid.of(outputs_of(c.problem.pass).front());
  LaidOutTensor back = out;
  for (std::byte& byte : back.bytes) byte = ~byte;
  const std::vector<bool> logical = logical_bytes(out);
  const auto untouchable = std::count(logical.begin(), logical.end(), false);
  const TouchedReport report = find_touched(out, back, 5);
  RC_ASSERT(report.count == untouchable / static_cast<std::ptrdiff_t>(bytes_of(out.dtype)));
  RC_ASSERT(report.first.size() == 5u);
}

/// What is said of one element of O that changed. Sequences of 3, 0 and 1 rows, 2 heads of 4 columns, 1 row
/// of padding beyond the longest.
std::string said_of(Padding padding, Order order, bool view, std::int64_t element) {
  Case c;
  c.problem.sequences = {{3, 3}, {0, 2}, {1, 1}};
  c.problem.h_q = 2;
  c.problem.d_v = 4;
  c.layout = {padding, order, view, 1};
  const LaidOut laid = testing::laid_out(c);
  LaidOutTensor back = laid.o;
  flip(back, static_cast<std::size_t>(static_cast<std::int64_t>(LaidOutTensor::guard_bytes) + element * 4),
       3);
  const TouchedReport report = find_touched(laid.o, back);
  return report.count == 1 ? report.first[0].where : "nothing";
}

TEST(FindTouched, SpeaksOfRowsAndPadding) {
  const auto left = [](std::int64_t at) { return said_of(Padding::left, Order::bshd, false, at); };
  EXPECT_EQ(left(0 * 8 + 5), "sequence 0, padding row 1 left of row 0, head 1, column 1");
  EXPECT_EQ(left(1 * 8), "nothing");
  EXPECT_EQ(left(32 + 2 * 8 + 3), "sequence 1 (empty), padding row 2, head 0, column 3");
  EXPECT_EQ(left(64 + 0 * 8), "sequence 2, padding row 3 left of row 0, head 0, column 0");
  EXPECT_EQ(left(-3), "guard band, 12 bytes before");
  EXPECT_EQ(left(96 + 2), "guard band, 8 bytes behind");

  EXPECT_EQ(said_of(Padding::right, Order::bshd, false, 3 * 8 + 4),
            "sequence 0, padding row 1 right of row 2, its last, head 1, column 0");
  EXPECT_EQ(said_of(Padding::right, Order::bhsd, false, 64 + 16 + 2 * 4 + 1),
            "sequence 2, padding row 2 right of row 0, its last, head 1, column 1");
  EXPECT_EQ(said_of(Padding::packed, Order::bshd, false, 4 * 8 + 7),
            "padding row 1 behind the last packed row, head 1, column 3");
  EXPECT_EQ(said_of(Padding::packed, Order::bhsd, false, 5 * 4 + 4 * 4),
            "padding row 1 behind the last packed row, head 1, column 0");
}

TEST(FindTouched, SpeaksOfAHole) {
  Case c;
  c.problem.sequences = {{2, 2}, {1, 1}};
  c.problem.h_q = c.problem.h_kv = 1;
  c.problem.d_qk = c.problem.d_v = 4;
  c.problem.dtype = DType::f32;
  c.layout = {Padding::right, Order::bshd, false, 1, 0, 3};
  const LaidOut laid = testing::laid_out(c);
  const auto said = [&laid](std::int64_t row) {
    LaidOutTensor back = laid.o;
    flip(back, LaidOutTensor::guard_bytes + static_cast<std::size_t>(row) * 16, 3);
    const TouchedReport report = find_touched(laid.o, back);
    return report.count == 1 ? report.first[0].where : "nothing";
  };
  EXPECT_EQ(said(0), "nothing");
  EXPECT_EQ(said(1), "sequence 0, padding row 1 of the hole behind row 0, head 0, column 0");
  EXPECT_EQ(said(3), "sequence 0, padding row 3 of the hole behind row 0, head 0, column 0");
  EXPECT_EQ(said(4), "nothing");
  EXPECT_EQ(said(5), "sequence 0, padding row 1 right of row 1, its last, head 0, column 0");
  EXPECT_EQ(said(7), "sequence 1, padding row 1 right of row 0, its last, head 0, column 0");
}

TEST(FindTouched, SpeaksOfTheGapsOfAView) {
  Case c;
  c.problem.sequences = {{3, 3}, {0, 2}, {1, 1}};
  c.problem.h_q = 2;
  c.problem.d_v = 4;
  for (Order order : all_of<Order>) {
    c.layout = {Padding::right, order, true, 1};
    const Placement o = place(c.problem, c.layout, TensorRole::o);
    const int used = order == Order::bshd ? 8 : 4;
    EXPECT_EQ(said_of(Padding::right, order, true, o.origin - 2),
              "in front of the view, 2 elements before its first row");
    EXPECT_EQ(said_of(Padding::right, order, true, o.origin + o.row_stride + used + 2),
              "sequence 0, row 1, gap behind the row, 3 elements on");
    EXPECT_EQ(said_of(Padding::right, order, true, o.elements - 1), "behind the last row of the view");
  }
}

TEST(FindTouched, NamesTheRowOfAnInputThatChanged) {
  Case c;
  c.problem.sequences = {{3, 3}, {2, 5}};
  c.layout.padding = Padding::packed;
  const LaidOut laid = testing::laid_out(c);
  LaidOutTensor back = laid.k;
  flip(back, LaidOutTensor::guard_bytes + 4 * static_cast<std::size_t>(laid.k.place.address(1, 2, 0) + 9), 0);
  const TouchedReport report = find_touched(laid.k, back);
  ASSERT_EQ(report.count, 1);
  EXPECT_EQ(report.first[0].where, "sequence 1, row 2, head 0, column 9");
}

TEST(FindTouched, NamesThePageOfAnInputThatChanged) {
  Case c;
  c.problem.sequences = {{3, 20}, {2, 5}};
  c.layout = {Padding::left, Order::bshd, false, 0, 16};
  const LaidOut laid = lay_out(c, *make_data(c.problem));
  const Placement& k = laid.k.place;
  const auto said_of = [&](std::int64_t page, int row, int column) {
    LaidOutTensor back = laid.k;
    const std::int64_t element = page * k.batch_stride + row * k.row_stride + column;
    flip(back, LaidOutTensor::guard_bytes + 4 * static_cast<std::size_t>(element), 0);
    const TouchedReport report = find_touched(laid.k, back);
    return report.count == 1 ? report.first[0].where : "nothing";
  };
  EXPECT_EQ(said_of(k.page_of(0, 0), 12, 9),
            fmt::format("page {}, sequence 0, row 0, head 0, column 9", k.page_of(0, 0)));
  EXPECT_EQ(said_of(k.page_of(0, 1), 15, 0),
            fmt::format("page {}, sequence 0, row 19, head 0, column 0", k.page_of(0, 1)));
  EXPECT_EQ(
      said_of(k.page_of(1, 0), 10, 3),
      fmt::format("page {}, sequence 1, padding row 1 left of row 0, head 0, column 3", k.page_of(1, 0)));
  std::set<std::int32_t> free{0, 1, 2, 3};
  for (std::int32_t page : k.block_table) free.erase(page);
  ASSERT_EQ(free.size(), 1u);
  EXPECT_EQ(said_of(*free.begin(), 7, 1),
            fmt::format("page {}, free, row 7, head 0, column 1", *free.begin()));
}

/// Two sequences of 5 and 3 tokens in the cache, of which 2 and 1 are new, a row of padding beside the
/// longer.
TEST(FindTouched, TellsPastTokensFromPadding) {
  Case c;
  c.problem.sequences = {{2, 5}, {1, 3}};
  c.problem.d_qk = 4;
  c.problem.pass = Pass::append;
  const auto said_of = [&](Padding padding, int page, auto place_of) {
    c.layout = {padding, Order::bshd, false, 1, page};
    const LaidOut laid = testing::laid_out(c);
    LaidOutTensor back = laid.k;
    flip(back, LaidOutTensor::guard_bytes + 4 * static_cast<std::size_t>(place_of(laid.k.place)), 0);
    const TouchedReport report = find_touched(laid.k, back);
    return report.count == 1 ? report.first[0].where : "nothing";
  };
  const auto at = [](std::int64_t element) { return [element](const Placement&) { return element; }; };
  EXPECT_EQ(said_of(Padding::left, 0, at(0)),
            "sequence 0, padding row 1 left of past token 0, head 0, column 0");
  EXPECT_EQ(said_of(Padding::left, 0, at(3 * 4 + 1)), "sequence 0, past token 2, head 0, column 1");
  EXPECT_EQ(said_of(Padding::left, 0, at(4 * 4)), "nothing");
  EXPECT_EQ(said_of(Padding::left, 0, at((6 + 3) * 4)), "sequence 1, past token 0, head 0, column 0");
  EXPECT_EQ(said_of(Padding::right, 0, at((6 + 3) * 4)),
            "sequence 1, padding row 1 right of row 0, its last, head 0, column 0");
  EXPECT_EQ(said_of(Padding::packed, 0, at(6 * 4)), "sequence 1, past token 1, head 0, column 0");
  EXPECT_EQ(said_of(Padding::packed, 0, at(8 * 4)),
            "padding row 1 behind the last packed row, head 0, column 0");
  const auto in_page = [](const Placement& k) { return k.page_of(1, 0) * k.batch_stride + k.row_stride; };
  EXPECT_THAT(said_of(Padding::right, 16, in_page),
              ::testing::EndsWith("sequence 1, past token 1, head 0, column 0"));
}

TEST(FindTouched, AnotherSizeIsABugOfTheCaller) {
  Case c;
  c.problem.sequences = {{3, 3}};
  const LaidOut laid = testing::laid_out(c);
  EXPECT_THROW((void)find_touched(laid.o, laid.lse), std::invalid_argument);
}

}  // namespace
}  // namespace flashdiff
