#include "properties/random_cases.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/problem/modifiers.h"
#include "harness/problem/names.h"
#include "harness/problem/random_bits.h"
#include "properties/classify.h"
#include "properties/pairs.h"
#include "properties/work.h"

namespace flashdiff {
namespace {

Case value_of(std::uint64_t seed, std::uint64_t index, const CaseOptions& options = {}) {
  return draw_case(seed, index, options).value();
}

/// Every machine and every version must draw the same, or shards, resumed runs and old reports disagree. When
/// a generator is changed on purpose, this number changes, and the commit says so.
TEST(RandomCases, TheFirstHundredOfSeedOneAreKnown) {
  std::uint64_t hash = 0;
  for (std::uint64_t i = 0; i < 100; ++i)
    for (char byte : print(value_of(1, i))) hash = detail::folded(hash, static_cast<unsigned char>(byte));
  EXPECT_EQ(hash, 0xec078078690ad450u) << std::hex << hash;
}

TEST(RandomCases, ADrawIsAFunctionOfSeedAndIndex) {
  EXPECT_EQ(value_of(1, 7), value_of(1, 7));
  EXPECT_NE(value_of(1, 7), value_of(1, 8));
  EXPECT_NE(value_of(1, 7), value_of(2, 7));
}

TEST(RandomCases, AreDifferentFromEachOther) {
  std::set<std::string> lines;
  for (std::uint64_t i = 0; i < 1000; ++i) lines.insert(print(value_of(3, i)));
  EXPECT_GT(lines.size(), 990u);
}

CaseOptions of_pass(Pass pass) {
  CaseOptions options;
  options.pass = pass;
  return options;
}
/// Each of them in turn.
Pass pass_of(std::uint64_t i) { return all_of<Pass>[i % all_of<Pass>.size()]; }

TEST(RandomCases, EveryClassIsReached) {
  std::map<std::string, int> reached;
  for (std::uint64_t i = 0; i < 3000; ++i)
    for (const std::string& label : classify(value_of(5, i, of_pass(pass_of(i))))) ++reached[label];
  for (const Axis& axis : axes())
    for (const std::string& value : axis.values) {
      const std::string label = axis.name + ":" + value;
      // A capture's class, and a group that only a capture or a line can have.
      if (label == "data:file" || label == "heads-per-kv:other") continue;
      EXPECT_GE(reached[label], 10) << label;
    }
}

/// In 1,000 cases, which are a minute's: twice the pairs that there are, and some for the phases that the
/// work which is taken away has changed.
TEST(RandomCases, EveryPairOfClassesIsReached) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    std::set<std::string> reached;
    for (std::uint64_t i = 0; i < 1000; ++i)
      for (const std::string& pair : pairs_of(classify(value_of(seed, i)))) reached.insert(pair);
    for (const std::string& pair : all_pairs()) EXPECT_TRUE(reached.contains(pair)) << seed << ' ' << pair;
  }
}

TEST(RandomCases, AreSteeredToEachPairInTurn) {
  CaseOptions options;
  options.paddings = {Padding::left};
  options.masks = {MaskKind::none, MaskKind::window};
  options.dtypes = {DType::f16};
  options.data = {DataFamily::normal, DataFamily::huge};
  options.phases = {Phase::decode};
  options.head_dims = {HeadDimKind::one, HeadDimKind::odd_size};
  // Of lists of 1, 1, 2, 1, 2, 2: 3 * 1 + 3 * (2 + 2 + 2) + 3 * 4 pairs.
  std::set<std::string> aimed;
  for (std::uint64_t i = 0; i < 2 * 33; ++i) {
    const CaseOptions at = steered(options, 7, i);
    if (i % 2 == 0) {
      EXPECT_EQ(at.masks, options.masks);
      EXPECT_EQ(at.data, options.data);
      continue;
    }
    const auto part = [](const auto& list, const auto& all) {
      return list.size() == all.size() ? std::string("all ")
                                       : std::to_string(static_cast<int>(list[0])) + ' ';
    };
    aimed.insert(part(at.masks, options.masks) + part(at.data, options.data) +
                 part(at.head_dims, options.head_dims));
  }
  // Single values are no choice: each of three lists alone (6), and two of them (12).
  EXPECT_EQ(aimed.size(), 1u + 6 + 12);
}

/// Swarm testing: half of the cases cannot have a feature, and the others have it more often for that.
TEST(RandomCases, AreEachOfAPartOfAllFeatures) {
  int views = 0, none = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const CaseOptions part = any_part_of({})(rc::Random(rc::Random::Key{seed, 0, 0, 0}), 100).value();
    EXPECT_FALSE(part.masks.empty());
    EXPECT_FALSE(part.data.empty());
    views += part.may_have(Extra::view);
    none += std::count(part.data.begin(), part.data.end(), DataFamily::huge) == 0;
  }
  EXPECT_NEAR(views, 200, 50);
  EXPECT_NEAR(none, 200, 50);
}

TEST(RandomCases, HaveNothingOfWhatIsExcluded) {
  CaseOptions options;
  options.without.assign(all_of<Extra>.begin(), all_of<Extra>.end());
  options.phases = {Phase::decode};
  options.head_dims = {HeadDimKind::multiple_of_8};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Case c = value_of(3, i, options);
    EXPECT_TRUE(!c.layout.view && c.layout.pad == 0 && c.layout.page == 0 && c.after == After::nothing &&
                !has_modifiers(c.problem) && !c.problem.scale && c.problem.group() == 1 &&
                c.problem.d_v == c.problem.d_qk && c.problem.d_qk % 8 == 0)
        << print(c);
  }
}

/// Backward is asked what forward is, but for pages.
TEST(RandomCases, OfTheBackwardPass) {
  CaseOptions paged = of_pass(Pass::backward);
  paged.pages = {16};
  for (std::uint64_t i = 0; i < 300; ++i) {
    Case forward = value_of(3, i);
    const Case c = value_of(3, i, of_pass(Pass::backward));
    ASSERT_TRUE(validated(c).has_value()) << print(c);
    forward.problem.pass = Pass::backward;
    forward.layout.page = 0;
    ASSERT_EQ(c, forward);
    ASSERT_EQ(value_of(3, i, paged).layout.page, 16);
  }
}

TEST(RandomCases, OfAppends) {
  int paged = 0, with_past = 0, prompts = 0, some_turned = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Case c = value_of(3, i, of_pass(Pass::append));
    ASSERT_TRUE(validated(c).has_value()) << print(c);
    ASSERT_EQ(c.problem.pass, Pass::append);
    paged += c.layout.page > 0;
    some_turned += c.problem.rope.has_value();
    for (const SequenceLengths& one : c.problem.sequences) ++(one.q_len < one.kv_len ? with_past : prompts);
  }
  EXPECT_GT(paged, 70);
  EXPECT_GT(some_turned, 350);
  EXPECT_GT(with_past, 300);
  EXPECT_GT(prompts, 100);
}

/// Who decodes is asked for what it takes, over caches of several splits, some of them in pages.
TEST(RandomCases, ForWhoDecodes) {
  CaseOptions options;
  options.most_queries = 16;
  int most = 0, long_caches = 0, paged = 0, empty = 0, crowds = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Case c = value_of(3, i, options);
    ASSERT_TRUE(validated(c).has_value()) << print(c);
    int keys = 0;
    for (const SequenceLengths& one : c.problem.sequences) {
      ASSERT_LE(one.q_len, 16) << print(c);
      most = std::max(most, one.q_len);
      keys = std::max(keys, one.kv_len);
      empty += one.kv_len == 0;
    }
    long_caches += keys > 128;
    crowds += c.layout.page == 16 && keys > 32 * 16 && c.problem.batch() * c.problem.h_kv > 216;
    paged += c.layout.page > 0;
  }
  EXPECT_EQ(most, 16);
  EXPECT_GT(long_caches, 150);
  EXPECT_GT(paged, 100);
  EXPECT_GT(crowds, 20) << "batches that fill a GPU, one of them with more pages than a warp has lanes";
  EXPECT_GT(empty, 10);
}

/// Tiles for head dims above 128 are others; what takes them is asked for them, and nobody else.
TEST(RandomCases, OfLargeHeadDims) {
  CaseOptions options;
  options.largest_head_dim = 256;
  int above_128 = 0, above_192 = 0, odd = 0, usual = 0, most = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Case c = value_of(3, i, options);
    ASSERT_TRUE(validated(c).has_value()) << print(c);
    const int d = std::max(c.problem.d_qk, c.problem.d_v);
    most = std::max(most, d);
    above_128 += d > 128 && d <= 192;
    above_192 += d > 192;
    odd += d > 128 && d % 2 == 1;
    usual += d <= 128;
    ASSERT_LE(std::max(value_of(3, i).problem.d_qk, value_of(3, i).problem.d_v), 128);
  }
  EXPECT_EQ(most, 256);
  EXPECT_GT(above_128, 100);
  EXPECT_GT(above_192, 100);
  EXPECT_GT(odd, 30);
  EXPECT_GT(usual, 200);
}

RC_GTEST_PROP(RandomCases, AreValidAndPrintable, (std::uint64_t seed, std::uint64_t index)) {
  const Case c = value_of(seed, index, of_pass(pass_of(seed)));
  RC_ASSERT(validated(c).has_value());
  const auto read = parse_case(print(c));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == c);
}

RC_GTEST_PROP(RandomCases, StayWithinTheirWork, (std::uint64_t seed)) {
  const auto index = static_cast<std::uint64_t>(*rc::gen::inRange(0, 1000));
  RC_ASSERT(work_of(value_of(seed, index).problem) <= 3.2e7);
}

RC_GTEST_PROP(RandomCases, KeepToTheOptions, (std::uint64_t seed, std::uint64_t index)) {
  CaseOptions options;
  options.paddings = {Padding::left, Padding::packed};
  options.pages = {32, 48};
  options.dtypes = {DType::bf16};
  options.masks = {MaskKind::window};
  options.data = {DataFamily::file, DataFamily::rising};
  options.largest_head_dim = 32;
  const Case c = value_of(seed, index, options);
  RC_ASSERT(c.layout.padding == Padding::left || c.layout.padding == Padding::packed);
  RC_ASSERT(c.layout.page == 32 || c.layout.page == 48);
  RC_ASSERT(c.problem.dtype == DType::bf16);
  RC_ASSERT(c.problem.mask.kind == MaskKind::window);
  RC_ASSERT(c.problem.data == DataFamily::rising);
  RC_ASSERT(c.problem.d_qk <= 32);
  RC_ASSERT(c.problem.d_v <= 32);
}

TEST(Classify, EveryLabelIsOneOfItsAxis) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Case c = value_of(11, i, of_pass(pass_of(i)));
    for (const Axis& axis : axes()) {
      const std::vector<std::string> found = axis.of(c);
      EXPECT_FALSE(found.empty()) << axis.name << " of " << print(c);
      for (const std::string& value : found)
        EXPECT_NE(std::find(axis.values.begin(), axis.values.end(), value), axis.values.end())
            << axis.name << ":" << value;
    }
  }
}

TEST(Classify, NamesWhatALineHas) {
  const auto c = parse_case(
      "fd1 b=3 hq=14 hk=2 d=40 dv=64 dt=f16 lay=left mem=bhsd q=1,17,0 kv=65,64,12 mask=window:0,inf "
      "data=rising "
      "softcap=30 sink=seeded seed=0x2a");
  ASSERT_TRUE(c.has_value());
  const std::vector<std::string> labels = classify(*c);
  for (const char* label :
       {"pass:forward",      "layout:left",    "order:bhsd",        "view:no",           "spare-rows:0",
        "poison:nan",        "after:nothing",  "dtype:f16",         "data:rising",       "scale:usual",
        "modifiers:softcap", "modifiers:sink", "modifiers:several", "mask:window",       "window:0",
        "window:unbounded",  "phase:mixed",    "batch:3+",          "kv-lengths:ragged", "empty:none",
        "empty:q",           "q-to-kv:below",  "kv-tiles:1",        "kv-tiles:2",        "kv%64:0",
        "kv%64:1",           "kv%64:other",    "kv%128:64",         "d:multiple-of-8",   "dv:larger",
        "heads-per-kv:7",    "kv-heads:2"})
    EXPECT_NE(std::find(labels.begin(), labels.end(), label), labels.end()) << label;
}

}  // namespace
}  // namespace flashdiff
