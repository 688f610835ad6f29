#include "properties/corpus_cases.h"

#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "properties/random_cases.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;

const std::string one = "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=left q=2 kv=3 mask=none data=normal seed=0x1";
const std::string two =
    "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f16 lay=packed q=20 kv=3 mask=window:1,0 pass=backward data=huge seed=0x1";

std::string line(CorpusCases& corpus, std::uint64_t index) { return print(corpus.draw(index)->value); }

TEST(CorpusCases, AreLinesAmongWordsForPeople) {
  auto corpus = CorpusCases::read("x.cases", "# why\n\n" + one + "\n  \t\n  " + two + "  \r\n#" + one);
  ASSERT_TRUE(corpus) << corpus.error().what;
  ASSERT_EQ(corpus->size(), 2u);
  EXPECT_EQ(line(*corpus, 0), one);
  EXPECT_EQ(line(*corpus, 1), two);
  EXPECT_FALSE(corpus->draw(2));
  EXPECT_FALSE(corpus->draw(0)->labels.empty());
  EXPECT_FALSE(corpus->draw(1)->smaller().empty()) << "they shrink as any do";
}

TEST(CorpusCases, AFolderIsItsFilesByName) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "b.cases") << one << '\n';
  std::ofstream(folder.path() / "a.cases") << two << '\n';
  std::ofstream(folder.path() / "notes.txt") << "no case\n";
  auto corpus = CorpusCases::open(folder.path());
  ASSERT_TRUE(corpus) << corpus.error().what;
  ASSERT_EQ(corpus->size(), 2u);
  EXPECT_EQ(line(*corpus, 0), two);
  EXPECT_EQ(CorpusCases::open(folder.path() / "b.cases")->size(), 1u);
}

TEST(CorpusCases, AWrongLineIsNamedWithItsFileAndNumber) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "a.cases";
  std::ofstream(file) << "# why\n" << one << "\nfd1 b=1 hq=3\n";
  const auto corpus = CorpusCases::open(folder.path());
  ASSERT_FALSE(corpus);
  EXPECT_EQ(corpus.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(corpus.error().what, HasSubstr(file.string() + ":3: "));
}

TEST(CorpusCases, NothingThereIsAnErrorAndNotAnEmptyCorpus) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(CorpusCases::open(folder.path()).error().what, HasSubstr("no case in it"));
  EXPECT_THAT(CorpusCases::open(folder.path() / "none.cases").error().what, HasSubstr("cannot be read"));
  std::ofstream(folder.path() / "a.cases") << "# nothing yet\n";
  EXPECT_FALSE(CorpusCases::open(folder.path() / "a.cases"));
}

TEST(CorpusCases, KeepToTheOptionsOfRandomCases) {
  const CorpusCases corpus = CorpusCases::read("x.cases", one + '\n' + two).value();
  const auto left = [&](auto change) {
    CaseOptions options;
    change(options);
    return corpus.that_may_be(options).size();
  };
  EXPECT_EQ(left([](CaseOptions&) {}), 1u) << "the forward one";
  EXPECT_EQ(left([](CaseOptions& o) { o.pass = Pass::backward; }), 1u);
  EXPECT_EQ(left([](CaseOptions& o) { o.pass = Pass::append; }), 0u);
  EXPECT_EQ(left([](CaseOptions& o) { o.paddings = {Padding::right}; }), 0u);
  EXPECT_EQ(left([](CaseOptions& o) { o.dtypes = {DType::f32}; }), 0u);
  EXPECT_EQ(left([](CaseOptions& o) { o.masks = {MaskKind::window}; }), 0u);
  EXPECT_EQ(left([](CaseOptions& o) { o.data = {DataFamily::huge}; }), 0u);
  EXPECT_EQ(left([](CaseOptions& o) { o.pages = {16}; }), 0u);
  EXPECT_EQ(left([](CaseOptions& o) { o.most_queries = 1; }), 0u);
}

TEST(CorpusCases, TheProgramsOwnAreThereForEveryPassAndNoneTwice) {
  CorpusCases all = CorpusCases::built_in();
  std::set<std::string> lines;
  std::map<Pass, int> passes;
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    const Case c = all.draw(i)->value;
    EXPECT_TRUE(lines.insert(print(c)).second) << "twice: " << print(c);
    ++passes[c.problem.pass];
  }
  EXPECT_GT(passes[Pass::forward], 50);
  EXPECT_GT(passes[Pass::backward], 10);
  EXPECT_GT(passes[Pass::append], 4);
}

TEST(CorpusFirst, RandomCasesKeepTheirNumbersBehindIt) {
  const CorpusCases corpus = CorpusCases::read("x.cases", one).value();
  CorpusFirst both(corpus, std::make_unique<RandomCases>(5, CaseOptions{}));
  RandomCases alone(5, {});
  EXPECT_EQ(print(both.draw(0)->value), one);
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(both.draw(1 + i)->value, alone.draw(i)->value);
}

}  // namespace
}  // namespace flashdiff
