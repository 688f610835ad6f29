#include "harness/score/score.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace flashdiff::power {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Hunted one_of(const std::string& name, std::optional<std::uint64_t> kill,
              std::optional<std::uint64_t> theirs) {
  Hunted one;
  one.mutant = name;
  one.kernel = "flash";
  one.cases = 300;
  if (kill) one.kill = Kill{*kill, 0.5, "mismatch", "O"};
  one.rules = {{"theirs", 300, 7, theirs}};
  one.ended = true;
  return one;
}

TEST(Score, CountsKilledOfPlantedAndWhatOthersReach) {
  std::vector<Hunted> all{one_of("a", 4, 2), one_of("b", 9, 9), one_of("c", std::nullopt, 5),
                          one_of("d", 2, std::nullopt), one_of("e", std::nullopt, std::nullopt)};
  all[1].unlike = {"24 columns"};
  all[4].equivalent = "argued";
  all.push_back(one_of("under way", 1, 1));
  all.back().ended = false;
  Sound sound{"flash f16", "flash", "", "", 1, 0, 300, 280, {}, {{"theirs", 280, 3, {}}}};
  Sound more = sound;
  more.alarms = {"fd1: wrong"};
  add_to(sound, more);
  const Score score = score_of(all, std::vector{sound});
  EXPECT_EQ(score.planted, 4);
  EXPECT_EQ(score.killed, 3);
  EXPECT_EQ(score.equivalent, 1);
  EXPECT_EQ(score.unlike, 1);
  EXPECT_EQ(score.median_cases, 5u);
  EXPECT_EQ(score.most_cases, 10u);
  EXPECT_EQ(score.alarms, 1);
  EXPECT_EQ(score.judged, 560);
  ASSERT_EQ(score.rules.size(), 1u);
  EXPECT_EQ(score.rules[0].killed, 3);
  EXPECT_EQ(score.rules[0].asked, 4);
  EXPECT_EQ(score.rules[0].alarms, 6);
  EXPECT_EQ(score.rules[0].judged, 560);
  EXPECT_THAT(score.rules[0].only_theirs, ElementsAre("c"));
  EXPECT_THAT(score.rules[0].sooner, ElementsAre("a"));
  EXPECT_EQ(words_of(score),
            "3 of 4 mutants killed (75 %), by 5 cases in the median, 10 at most; 1 argued to be equivalent; "
            "1 not as "
            "told; 1 false alarm in 560 cases of the kernels as they are");
}

TEST(Score, SaysHowEachEnded) {
  Hunted one = one_of("a", 4, 2);
  EXPECT_EQ(killer_of(one), "mismatch: O");
  EXPECT_EQ(explained(one), "yes");
  one.unlike = {"24 columns", "3 heads"};
  EXPECT_EQ(explained(one), "24 columns; 3 heads");
  one.rules.push_back({"blind", 300, 0, {}});
  one.rules.push_back({"of another dtype", 0, 0, {}});
  EXPECT_EQ(killed_by_others(one), "1 of 2, not blind");
  one.rules = {};
  EXPECT_EQ(killed_by_others(one), "");
  one.silent = 10;
  EXPECT_EQ(killed_by_others(one), "no answer");
  one.kill.reset();
  EXPECT_EQ(killer_of(one), "survived");
  one.equivalent = "argued";
  EXPECT_EQ(killer_of(one), "survived, as argued");
}

TEST(Score, AnOutcomeComesBackFromItsJson) {
  Hunted one = one_of("a", 4, 2);
  one.smallest = Smallest{"fd1", "mismatch", "because", 12};
  one.expected_at = 6;
  one.unlike = {"x"};
  one.rules.push_back({"blind", 3, 0, {}});
  const Hunted back = hunted_of(json_of(one).dump()).value();
  EXPECT_EQ(json_of(back), json_of(one));
  EXPECT_EQ(back.rules[1].killed, std::nullopt);
  const Hunted survivor = hunted_of(json_of(one_of("b", {}, {})).dump()).value();
  EXPECT_FALSE(survivor.kill);
  EXPECT_FALSE(survivor.smallest);
  EXPECT_THAT(hunted_of("{}").error().what, HasSubstr("cannot be read"));
  EXPECT_THAT(sound_of("[").error().what, HasSubstr("cannot be read"));
  EXPECT_THAT(sound_of(json_of(Sound{}).dump())->alarms, IsEmpty());
}

/// As the verdicts of examine() word what another layout showed.
TEST(Score, NamesThePartOfARule) {
  verdict::Mismatch mismatch;
  mismatch.use = {{{TensorRole::dq, 3}, {TensorRole::dk, 0.1}, {TensorRole::dv, NAN}}};
  EXPECT_EQ(part_of(mismatch), "dQ, dV");
  mismatch.words = "with lay=left page=16 poison=inf: O in row 3";
  EXPECT_EQ(part_of(mismatch), "dQ, dV, in another layout");
  EXPECT_EQ(part_of(verdict::PaddingTouched{2, {"LSE: behind row 3"}}), "LSE");
  EXPECT_EQ(part_of(verdict::PaddingTouched{2, {"with lay=left poison=inf: O: guard band"}}),
            "O, in another layout");
  EXPECT_EQ(part_of(verdict::NotEquivalent{"x", {TensorRole::lse}, 1, 2, 3}), "LSE");
  EXPECT_EQ(part_of(verdict::Fault{"race in shared memory: kernel `k`", ""}), "race in shared memory");
  EXPECT_EQ(part_of(verdict::Fault{"with lay=left poison=inf: padding read: of 4 bytes", ""}),
            "padding read, in another layout");
  const verdict::Fault access{"cuLaunchKernel: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access",
                              "out-of-bounds access: read of 4 bytes\n  nearest: cuMemAlloc"};
  EXPECT_EQ(part_of(access), "out-of-bounds access");
  EXPECT_THAT(explanation_of(access),
              ::testing::EndsWith("memory access; out-of-bounds access: read of 4 bytes"));
  EXPECT_EQ(explanation_of(mismatch), explain(mismatch));
  EXPECT_EQ(part_of(verdict::Crash{"exit code 7"}), "exit code 7");
  EXPECT_EQ(part_of(verdict::Timeout{1.5}), "1.5 s");
}

TEST(Score, PartsOfAKernelMayComeInAnyOrder) {
  Sound first, second;
  first.name = second.name = "k f16_d32";
  first.key = "of the first";
  second.first = 50;
  second.key = "of the second";
  first.cases = 50;
  second.cases = 10;
  for (const auto& [one, other] : {std::pair{first, second}, {second, first}}) {
    Sound whole;
    add_to(whole, one);
    add_to(whole, other);
    EXPECT_EQ(whole.key, "of the first");
    EXPECT_EQ(whole.first, 0u);
    EXPECT_EQ(whole.cases, 60u);
  }
}

}  // namespace
}  // namespace flashdiff::power
