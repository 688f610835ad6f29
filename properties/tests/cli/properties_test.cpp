#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/run/store.h"
#include "harness/score/score.h"
#include "properties/relations/relation.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

// `flashdiff properties`, and the relations that `check` and `repro` try.

namespace flashdiff {
namespace {

using nlohmann::json;
using test::flashdiff;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Properties : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  const std::string file_ = (folder_.path() / "run.db").string();

  [[nodiscard]] std::vector<CaseRecord> stored() const {
    std::vector<CaseRecord> records;
    EXPECT_TRUE(Store::open_readonly(file_)->for_each_case(
        [&](CaseRecord record) { records.push_back(std::move(record)); }));
    return records;
  }
  [[nodiscard]] static json row(const json& all, const std::string& name) {
    const auto found = std::ranges::find_if(all, [&](const json& one) { return one["name"] == name; });
    return found == all.end() ? json() : *found;
  }
};

CaseRecord record_of(std::vector<std::string> labels, Verdict verdict) {
  CaseRecord record;
  record.line = "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1";
  record.labels = std::move(labels);
  record.verdict = std::move(verdict);
  return record;
}

TEST_F(Properties, AllAreListedWithTheirSentences) {
  const auto said = flashdiff({"properties"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, AllOf(HasSubstr("layouts\n"), Not(HasSubstr("tried"))));
  const json all = json::parse(flashdiff({"properties", "--json"}).out);
  EXPECT_THAT(all, SizeIs(relations::relations().size() + 1));
  for (const relations::Relation& relation : relations::relations()) {
    EXPECT_THAT(said.out, HasSubstr(std::string(relation.name) + "\n    " + relation.says));
    EXPECT_EQ(row(all, relation.name)["says"], relation.says);
  }
}

TEST_F(Properties, CountsAreOfDrawnCasesAndOfPlantedBugs) {
  {
    Store store = Store::open(file_).value();
    const std::int64_t run = store.begin_run({}).value();
    const verdict::BrokenRelation broken{"ones-in-v", "V = 1 gives O = 1", {}, 2, 1, 0.1, 1, 1};
    const std::vector<std::string> both{"layout:left", "relation:layouts", "relation:ones-in-v"};
    for (const CaseRecord& record :
         {record_of(both, verdict::Pass{}), record_of(both, verdict::PassWeak{}), record_of(both, broken),
          record_of({"relation:layouts"}, verdict::NotEquivalent{}), record_of({}, verdict::Mismatch{})})
      ASSERT_TRUE(store.append(run, record));
    CaseRecord small = record_of(both, broken);
    small.shrunk_from = 3;
    ASSERT_TRUE(store.append(run, small));
    power::Hunted first, also;
    first.kill = power::Kill{4, 1, "broken-relation", "ones-in-v"};
    first.relations = {{"ones-in-v", 4}};
    also.kill = power::Kill{1, 1, "mismatch", "O"};
    also.relations = {{"ones-in-v", 3}, {"split-keys", 9}};
    ASSERT_TRUE(store.keep(power::kept_mutants, "first", json_of(first).dump()));
    ASSERT_TRUE(store.keep(power::kept_mutants, "also", json_of(also).dump()));
  }
  const auto said = flashdiff({"properties", file_, "--json"});
  ASSERT_EQ(said.code, 0) << said.err;
  const json all = json::parse(said.out);
  const auto counts = [&](const std::string& name) {
    std::vector<int> found;
    for (const char* what : {"tried", "held", "broken", "mutants", "first"})
      found.push_back(row(all, name)[what]);
    return found;
  };
  EXPECT_THAT(counts("ones-in-v"), ElementsAre(3, 2, 1, 2, 1));
  EXPECT_THAT(counts("layouts"), ElementsAre(4, 3, 1, 0, 0));
  EXPECT_THAT(counts("split-keys"), ElementsAre(0, 0, 0, 1, 0));
  EXPECT_THAT(flashdiff({"properties", file_}).out, HasSubstr("ones-in-v                      3         2"));
  EXPECT_EQ(flashdiff({"properties", "/no/such.db"}).code, 2);
}

TEST_F(Properties, CheckTriesOneOfEachCaseThatPassesAndReproNamesAll) {
  const std::vector<std::string> check{
      "check", "--cases", "20", "--seed", "5", "--store", file_, "--backend", "flash_forward_simt"};
  ASSERT_EQ(flashdiff(check).code, 0);
  const auto judged = [this] {
    std::vector<CaseRecord> records = stored();
    std::erase_if(records,
                  [](const auto& r) { return std::holds_alternative<verdict::Unsupported>(r.verdict); });
    return records;
  };
  for (const CaseRecord& record : judged()) {
    const std::vector<std::string> tried = relations_of(record);
    ASSERT_THAT(tried, AllOf(Not(IsEmpty()), SizeIs(::testing::Le(2)))) << record.line;
    EXPECT_EQ(tried.front(), "layouts");
  }
  EXPECT_GT(std::ranges::count_if(judged(), [](const auto& r) { return relations_of(r).size() == 2; }), 10);
  std::filesystem::remove(file_);
  auto none = check;
  none.insert(none.end(), {"--relations", "none"});
  ASSERT_EQ(flashdiff(none).code, 0);
  for (const CaseRecord& record : judged()) EXPECT_THAT(relations_of(record), ElementsAre("layouts"));
  const auto repro = flashdiff({"repro",
                                "fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17 kv=70,64 "
                                "mask=causal_br data=rising seed=0x2a",
                                "--backend", "flash_forward_simt"});
  EXPECT_THAT(repro.out, HasSubstr("tried    layouts, one-sequence-alone, ones-in-v, "));
  const auto wrong = flashdiff({"check", "--relations", "some"});
  EXPECT_EQ(wrong.code, 2);
}

}  // namespace
}  // namespace flashdiff
