#include <gmock/gmock.h>

#include "harness/compare/writers.h"

namespace flashdiff::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Comparison told() {
  Comparison c{"main.db", "mine.db", CaseChanges{}, CounterChanges{}, {}, {}};
  c.cases->both = 40;
  c.cases->as_before = 38;
  c.cases->changed = {{Change::new_failure, "fd1 b=1", "k", "--backend k", "pass", "mismatch", "O in a | b"},
                      {Change::mended, "fd1 b=2", "k", "", "crash", "pass", "within budget"}};
  c.cases->drift = {{"k", TensorRole::o, 0.5, 0.75, "fd1 b=3"}};
  c.counters->compared = 12;
  c.counters->equal = 11;
  c.counters->changed = {{"figures/k/loop", "wavefronts_over_ideal", 1, 6.8, true}};
  return c;
}

TEST(Markdown, TellsWhatIsWorseAndHowToSeeIt) {
  const std::string text = as_markdown(told(), "build/flashdiff");
  EXPECT_THAT(text, HasSubstr("## ❌ mine.db against main.db"));
  EXPECT_THAT(text, HasSubstr("1 new failure, 0 lost passes in 40 cases, 1 mended; 1 of 12 counters worse"));
  EXPECT_THAT(text, HasSubstr("| ❌ new failure | k | pass | mismatch | O in a \\| b | `build/flashdiff repro "
                              "'fd1 b=1' --backend k` |"));
  EXPECT_THAT(text, HasSubstr("| figures/k/loop | ❌ wavefronts_over_ideal | 1 | 6.8 | +580.00 % |"));
  EXPECT_THAT(text, HasSubstr("| k | O | 0.5 | 0.75 |"));
}

TEST(Markdown, OfNothingWorseIsShort) {
  Comparison c = told();
  c.cases->changed.pop_back();
  c.cases->changed.pop_back();
  c.counters->changed.clear();
  EXPECT_TRUE(c.clean());
  EXPECT_THAT(as_markdown(c, "f"), HasSubstr("## ✅"));
  EXPECT_THAT(as_markdown(c, "f"), Not(HasSubstr("❌")));
}

TEST(Markdown, IsCutAndSaysSo) {
  Comparison c = told();
  c.counters->changed.assign(50, c.counters->changed[0]);
  EXPECT_THAT(as_markdown(c, "f", 10), HasSubstr("and 40 more"));
}

}  // namespace
}  // namespace flashdiff::compare
