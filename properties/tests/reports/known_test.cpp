#include "reports/known.h"

#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/run/verdict_json.h"
#include "properties/tests/reports/told_by_hand.h"
#include "properties/tests/run/temporary_folder.h"
#include "reports/html.h"
#include "reports/site.h"

// What `flashdiff repro --json` wrote of somebody else's function → a page of its own, and no number.

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Known : public ::testing::Test {
 protected:
  Outcome<std::vector<KnownFinding>> read(const std::string& text) {
    std::ofstream(folder_.path() / "known.json") << text;
    return read_known(folder_.path() / "known.json");
  }
  static std::string json_line(const KnownFinding& one) {
    return nlohmann::json{
               {"case", one.record.line},     {"backend", one.record.backend},          {"about", one.about},
               {"device", one.record.device}, {"verdict", json_of(one.record.verdict)}, {"device_ms", 1.5}}
               .dump() +
           '\n';
  }
  static std::string page_of(const Report& report) {
    for (const SitePage& page : site_pages(report))
      if (page.file == "known.html") return page.html;
    return {};
  }
  test::TemporaryFolder folder_;
};

TEST_F(Known, IsToldWithItsCaseAndTheCommandAndCountedNowhere) {
  const auto all = read(json_line(test::known_by_hand()) + json_line(test::known_by_hand()));
  ASSERT_TRUE(all) << all.error().what;
  ASSERT_EQ(all->size(), 2u);
  Report report = summarise(test::told_all_right());
  const std::int64_t failed = report.total.failed;
  report.known = *all;
  const std::string page = page_of(report);
  EXPECT_THAT(page, AllOf(HasSubstr("it ignores &lt;padding&gt;"), HasSubstr("mismatch"), HasSubstr("37"),
                          HasSubstr("--backend another_by_its_switch"), HasSubstr("known-map-2")));
  EXPECT_THAT(page, HasSubstr("PASS")) << "the head of every page";
  EXPECT_EQ(report.total.failed, failed);
  EXPECT_THAT(html_page(report), HasSubstr("it ignores &lt;padding&gt;"));
}

TEST_F(Known, WhoeverHasMendedItIsNotCalledWrong) {
  KnownFinding mended = test::known_by_hand();
  mended.record.verdict = verdict::Pass{};
  Report report = summarise(test::told_all_right());
  report.known = read(json_line(mended)).value();
  EXPECT_THAT(page_of(report), AllOf(HasSubstr("kind none"), Not(HasSubstr("kind fail"))));
}

TEST_F(Known, WithoutOneThereIsNoPage) {
  EXPECT_EQ(page_of(summarise(test::told_by_hand())), "");
  EXPECT_THAT(html_page(summarise(test::told_by_hand())), Not(HasSubstr("What others do")));
}

TEST_F(Known, AnotherFileIsNamed) {
  std::string no_verdict = json_line(test::known_by_hand());
  no_verdict.replace(no_verdict.find("\"verdict\""), 9, "\"virtues\"");
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]\n"), std::string("dear diary\n"), no_verdict}) {
    const auto found = read(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().kind, ErrorKind::bad_input);
    EXPECT_THAT(found.error().what,
                AllOf(HasSubstr("known.json: "), HasSubstr("expected what `flashdiff repro --json` wrote")));
  }
  EXPECT_THAT(read_known("/no/such/file").error().what, HasSubstr("/no/such/file: cannot be read"));
}

}  // namespace
}  // namespace flashdiff
