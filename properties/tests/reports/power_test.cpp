#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/run/store.h"
#include "harness/score/score.h"
#include "properties/tests/reports/told_by_hand.h"
#include "properties/tests/run/temporary_folder.h"
#include "reports/html.h"
#include "reports/markdown.h"
#include "reports/read.h"
#include "reports/summarise.h"

// What `flashdiff power` keeps in a store, as a report tells it.

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

power::Hunted killed() {
  power::Hunted one;
  one.mutant = "tail_keys";
  one.title = "tail keys scored 0 <b>";
  one.kernel = "flash";
  one.evidence = "owner/kernels#12, and a commit";
  one.cases = 300;
  one.kill = power::Kill{6, 0.25, "mismatch", "O, LSE", "fd1 b=7"};
  one.smallest = power::Smallest{"fd1 b=1", "mismatch", "as if it were so", 40};
  one.rules = {{"Theirs", 300, 2, 3}, {"Blind", 300, 0, {}}};
  one.ended = true;
  return one;
}
power::Hunted survivor() {
  power::Hunted one = killed();
  one.mutant = "unseen";
  one.kill.reset();
  one.smallest.reset();
  return one;
}

TEST(PowerInReports, PageAndSummaryTellEachMutantAndTheScore) {
  Told told = test::told_all_right();
  told.hunted = {killed(), survivor()};
  told.sound = {{"flash f16_d32", "flash", "", "", 1, 0, 300, 290, {}, {{"Theirs", 290, 5, {}}}}};
  const Report report = summarise(std::move(told));
  EXPECT_EQ(report.hunted.front().mutant, "unseen") << "what is not as expected comes first";
  const std::string page = html_page(report);
  EXPECT_THAT(page,
              AllOf(HasSubstr("href=\"#power\""), HasSubstr("1 of 2 mutants killed (50 %)"),
                    HasSubstr("<a href=\"https://github.com/owner/kernels/issues/12\">owner/kernels#12</a>"),
                    HasSubstr("tail keys scored 0 &lt;b&gt;"), HasSubstr("<b class=\"fail\">survived</b>")));
  EXPECT_THAT(page, AllOf(HasSubstr("<b class=\"pass\">mismatch: O, LSE</b>"),
                          HasSubstr("<td class=\"number\"><a href=\"#mutant-tail_keys\">7</a></td>"),
                          HasSubstr("1 of 2, not Blind"), HasSubstr("5 of 290"),
                          HasSubstr("repro &#39;fd1 b=1&#39;")));
  // Behind the row: its smallest case, the one that gave it away, and what each rule said of its answers.
  EXPECT_THAT(page, AllOf(HasSubstr("id=\"mutant-tail_keys\""), HasSubstr("repro &#39;fd1 b=7&#39;"),
                          HasSubstr("Case 7 gave it away: mismatch: O, LSE"),
                          HasSubstr("<td>2 of 300</td><td class=\"pass\">by case 4</td>"),
                          HasSubstr("<td>0 of 300</td><td class=\"none\">no</td>")));
  // Their rule saw the survivor, and the other one by its fourth case.
  EXPECT_THAT(page, HasSubstr("<a href=\"#mutant-tail_keys\">tail_keys</a> </td><td><a "
                              "href=\"#mutant-unseen\">unseen</a> </td>"));
  EXPECT_THAT(markdown(report), AllOf(HasSubstr("## Planted bugs"), HasSubstr("❌ unseen"),
                                      HasSubstr("| Theirs | 2 of 2 | 5 of 290 |")));
  const Report without = summarise(test::told_all_right());
  EXPECT_THAT(html_page(without), Not(HasSubstr("Planted bugs")));
  EXPECT_THAT(markdown(without), Not(HasSubstr("Planted bugs")));
}

TEST(PowerInReports, ComesFromStoresTheLastOneOfAMutantCounts) {
  const test::TemporaryFolder folder;
  const std::vector<std::filesystem::path> files{folder.path() / "a.db", folder.path() / "b.db"};
  for (const auto& file : files) {
    Store store = Store::open(file).value();
    power::Hunted one = file == files[0] ? survivor() : killed();
    one.mutant = "same";
    ASSERT_TRUE(store.keep(power::kept_mutants, one.mutant, json_of(one).dump()));
    one.mutant = "under way";
    one.ended = false;
    ASSERT_TRUE(store.keep(power::kept_mutants, one.mutant, json_of(one).dump()));
    // One store was asked more of the same cases, and others besides.
    const std::uint64_t asked = file == files[0] ? 50 : 20;
    const power::Sound part{"flash", "flash", "", "", 1, 0, asked, 40, {"fd1: wrong"}, {}};
    ASSERT_TRUE(
        store.keep(power::kept_kernels, "flash, cases 0 to " + std::to_string(asked), json_of(part).dump()));
    const power::Sound behind{"flash", "flash", "", "", 1, 50, asked, 40, {}, {}};
    if (asked < 50) continue;
    ASSERT_TRUE(store.keep(power::kept_kernels, "flash, cases 50 to 100", json_of(behind).dump()));
  }
  const Report told = read_stores(files).value();
  ASSERT_EQ(told.hunted.size(), 1u);
  EXPECT_TRUE(told.hunted[0].kill.has_value());
  ASSERT_EQ(told.sound.size(), 1u);
  EXPECT_EQ(told.sound[0].cases, 100u);
  EXPECT_EQ(told.score.alarms, 1);
  Store damaged = Store::open(files[0]).value();
  ASSERT_TRUE(damaged.keep(power::kept_mutants, "same", "{\"mutant\": 1}"));
  EXPECT_THAT(read_stores(files).error().what, HasSubstr("a mutant's outcome cannot be read"));
}

}  // namespace
}  // namespace flashdiff
