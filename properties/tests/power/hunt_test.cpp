#include "properties/power/hunt.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/power/other_rules.h"

// A hunt, asked of functions instead of kernels.

namespace flashdiff::power {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Verdict wrong() {
  verdict::Mismatch mismatch;
  mismatch.use = {{{TensorRole::o, 2}, {TensorRole::lse, 0.5}}};
  mismatch.words = "as told";
  return mismatch;
}
Seen passed() { return {verdict::Pass{}, std::string(other_rules().size(), '+')}; }
bool is_long(const Case& c) { return c.problem.sequences[0].kv_len > 20; }

class HuntTest : public ::testing::Test {
 protected:
  HuntTest() {
    mutant_.name = "m";
    mutant_.kernel = "flash_forward";
    mutant_.expected = "mismatch";
    mutant_.says = "as told";
    mutant_.columns = 1000;
    mutant_.rows = 1000;
    hunted_.mutant = "m";
    hunted_.seed = 1;
    hunted_.most = 40;
  }
  void run(Ask ask, bool other_rules = false) {
    const Hunt hunt{mutant_,
                    std::move(ask),
                    [this](const Case& c) { return right_(c); },
                    other_rules,
                    [this](const Hunted& so_far) -> Outcome<void> {
                      saved_.push_back(so_far);
                      if (so_far.cases == stop_at_) stop_ = true;
                      return {};
                    },
                    stop_,
                    alike_};
    const auto done = hunt.run(hunted_);
    ASSERT_TRUE(done) << done.error().what;
  }

  Mutant mutant_;
  Hunted hunted_;
  Ask right_ = [](const Case&) -> Outcome<Seen> { return passed(); };
  std::function<Ask(const Seen&)> alike_;
  std::vector<Hunted> saved_;
  std::uint64_t stop_at_ = 0;
  std::atomic<bool> stop_{false};
};

TEST_F(HuntTest, EndsWithTheKillAndIsShrunkWhileItKeepsItsKind) {
  run([](const Case& c) -> Outcome<Seen> { return is_long(c) ? Seen{wrong(), ""} : passed(); });
  ASSERT_TRUE(hunted_.kill);
  EXPECT_TRUE(hunted_.ended);
  EXPECT_EQ(hunted_.kill->rule, "mismatch");
  EXPECT_EQ(hunted_.kill->part, "O") << "LSE is within its budget";
  EXPECT_EQ(hunted_.cases, hunted_.kill->index + 1);
  EXPECT_TRUE(is_long(parse_case(hunted_.kill->line).value())) << "the case itself, as it was drawn";
  EXPECT_EQ(saved_.size(), hunted_.cases + 1) << "after each case, and at the end";
  const Case smallest = parse_case(hunted_.smallest.value().line).value();
  ASSERT_EQ(smallest.problem.batch(), 1);
  EXPECT_EQ(smallest.problem.sequences[0].kv_len, 21);
  EXPECT_THAT(hunted_.unlike, IsEmpty());
  EXPECT_THAT(hunted_.alarm, IsEmpty());
}

TEST_F(HuntTest, GoesOnToTheFailureThatItsFileExpects) {
  int failures = 0;
  run([&](const Case& c) -> Outcome<Seen> {
    if (!is_long(c)) return passed();
    return ++failures == 1 ? Seen{verdict::PaddingTouched{3, {"O: row 2"}}, ""} : Seen{wrong(), ""};
  });
  EXPECT_EQ(hunted_.kill->rule, "padding-touched");
  EXPECT_EQ(hunted_.kill->part, "O");
  EXPECT_GT(hunted_.expected_at.value(), hunted_.kill->index);
  EXPECT_EQ(hunted_.smallest->verdict, "mismatch");
  EXPECT_THAT(hunted_.unlike, IsEmpty());
}

TEST_F(HuntTest, SaysWhatIsNotAsItsFileHasIt) {
  mutant_.expected = "fault";
  mutant_.says = "something else";
  mutant_.rows = 2;
  run([](const Case& c) -> Outcome<Seen> { return is_long(c) ? Seen{wrong(), ""} : passed(); });
  EXPECT_EQ(hunted_.cases, hunted_.most) << "no fault came";
  EXPECT_THAT(hunted_.unlike,
              ElementsAre("mismatch, expected fault", HasSubstr("does not say 'something else'"),
                          HasSubstr("rows, expected at most 2")));
}

TEST_F(HuntTest, RelationsThatAreBrokenAreKeptByTheirFirstCase) {
  run([n = 0](const Case&) mutable -> Outcome<Seen> {
    ++n;
    if (n == 5) return Seen{wrong(), "", "split-keys"};
    return Seen{verdict::Pass{}, "", n == 2 || n == 3 ? "ones-in-v" : ""};
  });
  EXPECT_THAT(hunted_.relations,
              ElementsAre(::testing::Pair("ones-in-v", 1u), ::testing::Pair("split-keys", 4u)));
  EXPECT_EQ(hunted_of(json_of(hunted_).dump()).value().relations, hunted_.relations);
}

/// By itself a smaller case would be asked another relation, and hold.
TEST_F(HuntTest, ABrokenRelationIsShrunkByAskingThatOne) {
  const verdict::BrokenRelation broken{"ones-in-v", "as told", {}, 2, 1, 0.1, 1, 1};
  mutant_.expected = "broken-relation";
  alike_ = [&](const Seen& failure) -> Ask {
    EXPECT_EQ(std::get<verdict::BrokenRelation>(failure.verdict).relation, "ones-in-v");
    return [&](const Case& c) -> Outcome<Seen> { return is_long(c) ? Seen{broken, ""} : passed(); };
  };
  std::string first;
  run([&](const Case& c) -> Outcome<Seen> {
    if (first.empty() && is_long(c)) first = print(c);
    return print(c) == first ? Seen{broken, "", "ones-in-v"} : passed();
  });
  EXPECT_EQ(hunted_.kill.value().rule, "broken-relation");
  EXPECT_EQ(hunted_.kill->part, "ones-in-v");
  EXPECT_EQ(parse_case(hunted_.smallest.value().line)->problem.sequences[0].kv_len, 21);
}

TEST_F(HuntTest, ASurvivorIsAskedAllCases) {
  run([](const Case&) -> Outcome<Seen> { return passed(); });
  EXPECT_TRUE(hunted_.survived());
  EXPECT_EQ(hunted_.cases, 40u);
  EXPECT_EQ(hunted_.judged, 40);
  EXPECT_FALSE(hunted_.as_expected());
  hunted_.equivalent = "argued";
  EXPECT_TRUE(hunted_.as_expected());
}

TEST_F(HuntTest, AnImageThatNoCaseFitsIsNotSilent) {
  run([](const Case&) -> Outcome<Seen> { return Seen{verdict::Unsupported{"no entry"}, ""}; });
  EXPECT_THAT(hunted_.unlike, ElementsAre(HasSubstr("none of 40 cases")));
}

TEST_F(HuntTest, AFalseAlarmOnTheSmallestCaseIsKept) {
  right_ = [](const Case&) -> Outcome<Seen> { return Seen{wrong(), ""}; };
  run([](const Case& c) -> Outcome<Seen> { return is_long(c) ? Seen{wrong(), ""} : passed(); });
  EXPECT_THAT(hunted_.alarm, HasSubstr("as told"));
}

TEST_F(HuntTest, StopsAndGoesOnToTheSameEnd) {
  const Ask ask = [](const Case& c) -> Outcome<Seen> {
    return c.problem.sequences[0].kv_len > 100 ? Seen{wrong(), ""} : passed();
  };
  run(ask);
  const Hunted whole = hunted_;
  ASSERT_GT(whole.cases, 2u);
  hunted_ = saved_[0];
  hunted_.cases = hunted_.judged = 0;
  hunted_.seconds = 0;
  stop_at_ = 2;
  run(ask);
  EXPECT_FALSE(hunted_.ended);
  EXPECT_EQ(hunted_.cases, 2u);
  stop_ = false;
  hunted_ = hunted_of(json_of(saved_.back()).dump()).value();  // out of the store
  run(ask);
  EXPECT_EQ(hunted_.kill->index, whole.kill->index);
  EXPECT_EQ(hunted_.judged, whole.judged);
  EXPECT_EQ(hunted_.smallest->line, whole.smallest->line);
}

/// A rule that rejects what the kernel as it is answers, too, has found nothing.
TEST_F(HuntTest, ARuleOfOthersKillsOnlyWhatItAcceptsOfTheKernelAsItIs) {
  const std::size_t rules = other_rules().size();
  right_ = [&](const Case&) -> Outcome<Seen> {
    Seen seen = passed();
    seen.rules[0] = '-';
    return seen;
  };
  run(
      [&](const Case& c) -> Outcome<Seen> {
        Seen seen = is_long(c) ? Seen{wrong(), std::string(rules, '-')} : passed();
        seen.rules[0] = '-';
        seen.rules[2] = '.';
        return seen;
      },
      true);
  EXPECT_EQ(hunted_.cases, 40u) << "two rules never kill it";
  EXPECT_EQ(hunted_.rules[0].rejected, 40);
  EXPECT_FALSE(hunted_.rules[0].killed);
  EXPECT_EQ(hunted_.rules[1].killed, hunted_.kill->index);
  EXPECT_EQ(hunted_.rules[2].asked, 0);
}

TEST_F(HuntTest, WhereNoRuleSaysAnythingTheKillIsTheEnd) {
  run([](const Case& c) -> Outcome<Seen> { return Seen{is_long(c) ? wrong() : verdict::Pass{}, ""}; }, true);
  EXPECT_EQ(hunted_.cases, hunted_.kill->index + 1);
  EXPECT_THAT(hunted_.rules, IsEmpty());
}

TEST_F(HuntTest, FaultsLeaveTheRulesOfOthersNothingToSay) {
  mutant_.expected = "fault";
  run(
      [](const Case&) -> Outcome<Seen> {
        return Seen{verdict::Fault{"race in shared memory: x", ""}, ""};
      },
      true);
  EXPECT_EQ(hunted_.silent, most_silent);
  EXPECT_EQ(hunted_.kill->part, "race in shared memory");
  EXPECT_EQ(hunted_.cases, static_cast<std::uint64_t>(most_silent));
}

}  // namespace
}  // namespace flashdiff::power
