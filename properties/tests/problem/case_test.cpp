#include "harness/problem/case.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "properties/tests/problem/any_case.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kLine =
    "fd1 b=3 hq=8 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17,0 kv=5,64,12 mask=causal_br data=rising seed=0x2a";

RC_GTEST_PROP(CaseLine, ReadsBackAsTheCaseItPrints, ()) {
  const Case c = *testing::any_case();
  const auto back = parse_case(print(c));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == c);
}

RC_GTEST_PROP(CaseLine, AnyPathIsOneWordAndReadsBack, (const std::string& path)) {
  RC_PRE(!path.empty() && path.find('\0') == std::string::npos);
  Case c = *parse_case(kLine);
  c.problem.data = DataFamily::file;
  c.problem.data_file = path;
  c.problem.data_rows = {0, 3, 5};
  const std::string line = print(c);
  RC_ASSERT(std::count(line.begin(), line.end(), ' ') == 14);
  RC_ASSERT(line.find('\'') == std::string::npos);
  const auto back = parse_case(line);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == c);
}

RC_GTEST_PROP(CaseLine, AnyTextIsACaseOrOneLineThatSaysWhatWasExpected, ()) {
  std::string line = *rc::gen::element(std::string(kLine), print(*testing::any_case()));
  const int changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes && !line.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
    const int what = *rc::gen::inRange(0, 3);
    if (what == 0) line.erase(at, *rc::gen::inRange<std::size_t>(1, 8));
    if (what == 1) line.insert(at, 1, *rc::gen::arbitrary<char>());
    if (what == 2) line[at] = *rc::gen::arbitrary<char>();
  }
  const auto parsed = parse_case(line);
  if (parsed) {
    RC_ASSERT(*parse_case(print(*parsed)) == *parsed);  // what was understood is a case like any other
    return;
  }
  RC_ASSERT(parsed.error().kind == ErrorKind::bad_input);
  RC_ASSERT(parsed.error().what.find("expected") != std::string::npos);
  RC_ASSERT(parsed.error().what.find('\n') == std::string::npos);
}

TEST(CaseLine, IsTheOneOfTheDesign) {
  const auto c = parse_case(kLine);
  ASSERT_TRUE(c) << c.error().what;
  EXPECT_EQ(print(*c), kLine);
  EXPECT_EQ(c->problem.sequences, (std::vector<SequenceLengths>{{5, 5}, {17, 64}, {0, 12}}));
  EXPECT_EQ(c->problem.group(), 4);
  EXPECT_EQ(c->problem.mask.kind, MaskKind::causal_bottom_right);
  EXPECT_EQ(c->problem.seed, 42u);
  EXPECT_EQ(c->layout, (Layout{Padding::left, Order::bshd, false, 0}));
}

TEST(CaseLine, NamesThePassWhereItIsNotForward) {
  Case c = *parse_case(kLine);
  EXPECT_EQ(c.problem.pass, Pass::forward);
  c.problem.pass = Pass::backward;
  EXPECT_THAT(print(c), HasSubstr(" pass=backward "));
  EXPECT_EQ(*parse_case(print(c)), c);
  const auto neither = parse_case(std::string(kLine) + " pass=sideways");
  ASSERT_FALSE(neither);
  EXPECT_THAT(neither.error().what, HasSubstr("forward, backward or append"));
}

constexpr const char* kAppend =
    "fd1 b=2 hq=8 hk=2 d=64 dv=64 dt=f16 lay=left q=5,1 kv=5,64 mask=none pass=append rope=half data=normal "
    "seed=0x2a";

TEST(CaseLine, AnAppendNamesItsRotaryEmbedding) {
  const auto rope_of = [](const std::string& words) {
    std::string line = kAppend;
    const auto c = parse_case(line.replace(line.find("rope=half"), 9, words));
    EXPECT_TRUE(c) << c.error().what;
    EXPECT_EQ(print(*c), line);
    return c->problem.rope;
  };
  EXPECT_EQ(rope_of("rope=half"), (Rope{RopeForm::half, std::nullopt, 10000.0f}));
  EXPECT_EQ(rope_of("rope=interleaved:32"), (Rope{RopeForm::interleaved, 32, 10000.0f}));
  EXPECT_EQ(rope_of("rope=half:all,500000"), (Rope{RopeForm::half, std::nullopt, 500000.0f}));
  EXPECT_EQ(rope_of("rope=half:2,1.5"), (Rope{RopeForm::half, 2, 1.5f}));
  const auto none = parse_case(
      "fd1 b=1 hq=1 hk=1 d=1 dv=1 dt=f16 lay=left q=1 kv=1 mask=none pass=append data=normal seed=0x1");
  ASSERT_TRUE(none) << none.error().what;
  EXPECT_EQ(none->problem.rope, std::nullopt);
}

TEST(CaseLine, SaysWhatIsNotTheDefault) {
  const std::string line =
      "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=bf16 lay=packed mem=bhsd.view pad=3 page=48 q=1 kv=2 mask=window:inf,4 "
      "scale=0.1 softcap=30 alibi=on sink=-0.5 data=file "
      "file=a%20b/c%25.safetensors rows=2 seed=0x0 poison=huge";
  const auto c = parse_case(line);
  ASSERT_TRUE(c) << c.error().what;
  EXPECT_EQ(print(*c), line);
  EXPECT_EQ(c->problem.data_file, "a b/c%.safetensors");
  EXPECT_EQ(c->layout.page, 48);
  const std::string hole =
      "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=bf16 lay=left hole=9 q=3 kv=2 mask=none data=normal seed=0x0";
  const auto with_hole = parse_case(hole);
  ASSERT_TRUE(with_hole) << with_hole.error().what;
  EXPECT_EQ(print(*with_hole), hole);
  EXPECT_EQ(with_hole->layout.hole, 9);
  EXPECT_EQ(c->problem.mask, (Mask{MaskKind::window, Mask::unbounded, 4}));
  EXPECT_EQ(c->problem.scale, 0.1f);
  EXPECT_EQ(c->problem.softcap, 30.0f);
  EXPECT_TRUE(c->problem.alibi);
  EXPECT_EQ(c->problem.sink, Sink{-0.5f});
}

TEST(CaseLine, KeysMayStandInAnyOrderAndSeedsBeDecimal) {
  const auto c = parse_case(
      "  fd1 seed=42 data=rising mask=causal_br kv=5,64,12 q=5,17,0 lay=left dt=f16 dv=64 d=64 hk=2 hq=8 "
      "b=3\n");
  ASSERT_TRUE(c) << c.error().what;
  EXPECT_EQ(print(*c), kLine);
}

struct Wrong {
  const char* what;
  const char* from;  ///< replaced in the good line ...
  const char* to;    ///< ... by this
  const char* says;
};
void PrintTo(const Wrong& wrong, std::ostream* os) { *os << wrong.what; }

class WrongLine : public ::testing::TestWithParam<Wrong> {};
INSTANTIATE_TEST_SUITE_P(
    CaseLine, WrongLine,
    ::testing::Values(
        Wrong{"version", "fd1", "fd2", "case: begins with 'fd2', expected 'fd1'"},
        Wrong{"unknown_key", "hk=2", "hk=2 colour=red",
              "case: unknown key in 'colour=red', expected one of b, hq,"},
        Wrong{"no_equals", "hk=2", "hk", "case: 'hk', expected key=value"},
        Wrong{"second_key", "hk=2", "hk=2 hk=2", "case: a second hk in 'hk=2', expected it once"},
        Wrong{"missing_key", "hk=2 ", "", "case: hk is missing, expected a whole number from 1 to 1024"},
        Wrong{"no_number", "hq=8", "hq=eight", "case: hq='eight', expected a whole number from 1 to 1024"},
        Wrong{"number_and_more", "hq=8", "hq=8x", "case: hq='8x', expected a whole number from 1 to 1024"},
        Wrong{"empty_number", "hq=8", "hq=", "case: hq='', expected a whole number from 1 to 1024"},
        Wrong{"beyond_int", "d=64", "d=99999999999",
              "case: d='99999999999', expected a whole number from 1 to 256"},
        Wrong{"too_large", "d=64", "d=257", "case: d=257, expected a number from 1 to 256"},
        Wrong{"too_small", "dv=64", "dv=0", "case: dv=0, expected a number from 1 to 256"},
        Wrong{"negative_length", "q=5,17,0", "q=5,-1,0", "case: q=-1, expected a number from 0"},
        Wrong{"batch", "b=3", "b=2", "case: q lists 3 lengths, expected as many as b=2"},
        Wrong{"kv_list", "kv=5,64,12", "kv=5,64", "case: kv lists 2 lengths, expected as many as b=3"},
        Wrong{"empty_list_entry", "kv=5,64,12", "kv=5,,12",
              "case: kv='5,,12', expected whole numbers separated by commas"},
        Wrong{"group", "hk=2", "hk=3", "case: hk=3, expected a divisor of hq=8"},
        Wrong{"dtype", "f16", "fp16", "case: dt='fp16', expected f32, f16 or bf16"},
        Wrong{"layout", "lay=left", "lay=middle", "case: lay='middle', expected left, right, both or packed"},
        Wrong{"mask", "causal_br", "causal",
              "case: mask='causal', expected none, causal_tl, causal_br or window:LEFT"},
        Wrong{"bare_window", "causal_br", "window", "case: mask='window', expected none, causal_tl"},
        Wrong{"half_window", "causal_br", "window:3", "case: mask='window:3', expected none, causal_tl"},
        Wrong{"negative_window", "causal_br", "window:-1,3", "case: mask='window:-1,3', expected none"},
        Wrong{"memory", "lay=left", "lay=left mem=sbhd",
              "case: mem='sbhd', expected bshd, bhsd, bshd.view or bhsd.view"},
        Wrong{"poison", "lay=left", "lay=left poison=acid",
              "case: poison='acid', expected nan, inf, huge or dirty"},
        Wrong{"after", "lay=left", "lay=left after=lunch",
              "case: after='lunch', expected nothing, itself or another"},
        Wrong{"pad", "lay=left", "lay=left pad=-1", "case: pad=-1, expected a number from 0 to 4096"},
        Wrong{"page", "lay=left", "lay=left page=8",
              "case: page=8, expected a multiple of 16 from 16 to 256"},
        Wrong{"page_beyond", "lay=left", "lay=left page=272",
              "case: page=272, expected a multiple of 16 from"},
        Wrong{"page_negative", "lay=left", "lay=left page=-16", "case: page=-16, expected a multiple of 16"},
        Wrong{"hole_negative", "lay=left", "lay=left hole=-1",
              "case: hole=-1, expected a number from 0 to 4096"},
        Wrong{"hole_packed", "lay=left", "lay=packed hole=2", "case: hole=2, expected it of rectangles only"},
        Wrong{"hole_paged", "lay=left", "lay=left hole=2 page=16", "case: hole=2, expected it of rectangles"},
        Wrong{"page_text", "lay=left", "lay=left page=big", "case: page='big', expected a multiple of 16"},
        Wrong{"scale_text", "lay=left", "lay=left scale=big",
              "case: scale='big', expected a number from 1e-06"},
        Wrong{"scale_zero", "lay=left", "lay=left scale=0", "case: scale=0, expected a number from 1e-06"},
        Wrong{"scale_nan", "lay=left", "lay=left scale=nan", "case: scale=nan, expected a number from 1e-06"},
        Wrong{"softcap_text", "lay=left", "lay=left softcap=on",
              "case: softcap='on', expected a number from 0.01 to 1000000"},
        Wrong{"softcap_zero", "lay=left", "lay=left softcap=0",
              "case: softcap=0, expected a number from 0.01 to 1000000"},
        Wrong{"softcap_negative", "lay=left", "lay=left softcap=-30",
              "case: softcap=-30, expected a number from 0.01"},
        Wrong{"softcap_nan", "lay=left", "lay=left softcap=nan",
              "case: softcap=nan, expected a number from 0.01"},
        Wrong{"alibi", "lay=left", "lay=left alibi=0.5", "case: alibi='0.5', expected on, or no such key"},
        Wrong{"sink_text", "lay=left", "lay=left sink=on",
              "case: sink='on', expected seeded, or a number from -10000 to 10000"},
        Wrong{"sink_inf", "lay=left", "lay=left sink=-inf",
              "case: sink=-inf, expected a number from -10000 to 10000, or seeded"},
        Wrong{"seed", "seed=0x2a", "seed=0x1ffffffffffffffff",
              "case: seed='0x1ffffffffffffffff', expected a number of up"},
        Wrong{"family", "rising", "falling_up", "case: data='falling_up', expected normal, uniform, "},
        Wrong{"file_without_family", "lay=left", "lay=left file=x",
              "case: file and rows with data=rising, expected them"},
        Wrong{"family_without_file", "rising", "file rows=0,1,2", "case: file is empty, expected the path"},
        Wrong{"family_without_rows", "rising", "file file=x",
              "case: rows names 0 texts, expected one for each of the 3"},
        Wrong{"bad_escape", "rising", "file file=x%2",
              "case: file='x%2', expected a path, with %20 for a space"},
        Wrong{"too_much_memory", "q=5,17,0", "q=4000000,4000000,0", "case: Q takes "}),
    [](const auto& info) { return info.param.what; });

TEST_P(WrongLine, IsRefusedInOneLineThatSaysWhatWasExpected) {
  std::string line = kLine;
  const Wrong& wrong = GetParam();
  line.replace(line.find(wrong.from), std::string(wrong.from).size(), wrong.to);
  const auto c = parse_case(line);
  ASSERT_FALSE(c) << print(*c);
  EXPECT_EQ(c.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(c.error().what, HasSubstr(wrong.says));
  EXPECT_THAT(c.error().what, HasSubstr("expected"));
  EXPECT_THAT(c.error().what, Not(HasSubstr("\n")));
}

TEST(Append, IsRefusedWhereItHasNoMeaning) {
  struct Append {
    const char *from, *to, *says;
  };
  for (const auto& [from, to, says] :
       {Append{"kv=5,64", "kv=4,64", "pass=append with q=5 and kv=4, expected kv to count the q new tokens"},
        {"mask=none", "mask=causal_br", "expected mask=none"},
        {"mask=none", "mask=none scale=1", "expected mask=none and no other"},
        {"mask=none", "mask=none sink=1", "expected mask=none and no other"},
        {"data=normal", "data=file file=x rows=0,1", "expected another family"},
        {"pass=append ", "", "rope=half with pass=forward, expected it with pass=append only"},
        {"d=64 dv", "d=1 dv", "expected two columns"},
        {"rope=half", "rope=quarter", "rope='quarter', expected half or interleaved"},
        {"rope=half", "rope=half:some", "rope='half:some', expected half or interleaved"},
        {"rope=half", "rope=half:", "rope='half:', expected half or interleaved"},
        {"rope=half", "rope=half:33", "rope=half:33, expected an even number of columns from 2 to d=64"},
        {"rope=half", "rope=half:66", "rope=half:66, expected an even number of columns from 2 to d=64"},
        {"rope=half", "rope=half:-2", "rope=half:-2, expected an even number of columns from 2 to d=64"},
        {"rope=half", "rope=half:0", "rope=half:0, expected an even number of columns from 2 to d=64"},
        {"rope=half", "rope=half:8,0.5", "base 0.5, expected a number from 1 to 1000000000"},
        {"rope=half", "rope=half:8,nan", "base nan, expected a number from 1 to 1000000000"},
        {"rope=half", "rope=half:all,x", "rope='half:all,x', expected half or interleaved"}}) {
    std::string line = kAppend;
    line.replace(line.find(from), std::string(from).size(), to);
    const auto c = parse_case(line);
    ASSERT_FALSE(c) << line;
    EXPECT_THAT(c.error().what, HasSubstr(says)) << line;
    EXPECT_THAT(c.error().what, Not(HasSubstr("\n")));
  }
}

TEST(Validated, RefusesWhatALineCannotSay) {
  const Case good = *parse_case(kLine);
  Case c = good;
  c.problem.sequences.clear();
  EXPECT_FALSE(validated(c));
  c = good;
  c.problem.mask.left = 3;  // causal: the bound means nothing, and would not survive the line
  EXPECT_FALSE(validated(c));
  c = good;
  c.problem.mask = {MaskKind::window, -2, 0};
  EXPECT_FALSE(validated(c));
  EXPECT_TRUE(validated(good));
}

}  // namespace
}  // namespace flashdiff
