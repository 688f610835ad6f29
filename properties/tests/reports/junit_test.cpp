#include "reports/junit.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/tests/reports/told_by_hand.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Expat (through Python) parses it, and the structure is the one that Jenkins' junit-10.xsd asks for.
void expect_valid(const std::string& xml) {
  if (std::system("python3 -c 'import xml.etree.ElementTree' 2>/dev/null") != 0)
    GTEST_SKIP() << "SKIPPED: no python3 here, so no XML parser has read the file";
  const test::TemporaryFolder folder;  // of its own: ctest runs such tests at the same time
  const auto path = folder.path() / "junit.xml";
  std::ofstream(path, std::ios::binary) << xml;
  const std::string command =
      "python3 " FLASHDIFF_SOURCE_DIR "/properties/tests/reports/junit_structure.py " + path.string();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Junit, IsWhatACiReads) { expect_valid(junit_xml(summarise(test::told_by_hand()))); }
TEST(Junit, ManyCasesAreWhatACiReads) { expect_valid(junit_xml(summarise(test::told_by_thousands()))); }
TEST(Junit, NothingIsWhatACiReads) { expect_valid(junit_xml(summarise({}))); }

TEST(Junit, WrongIsAFailureAndADeathIsAnError) {
  const std::string xml = junit_xml(summarise(test::told_by_hand()));
  EXPECT_THAT(xml,
              HasSubstr(R"(<testsuites name="flashdiff" tests="18" failures="4" errors="3" skipped="3")"));
  EXPECT_THAT(xml, HasSubstr(R"(<failure type="mismatch")"));
  EXPECT_THAT(xml, HasSubstr(R"(<failure type="padding-touched")"));
  EXPECT_THAT(xml, HasSubstr(R"(<failure type="not-equivalent")"));
  EXPECT_THAT(xml, HasSubstr(R"(<error type="crash")"));
  EXPECT_THAT(xml, HasSubstr(R"(<error type="timeout")"));
  EXPECT_THAT(xml, HasSubstr(R"(<error type="fault")"));
  EXPECT_THAT(xml, HasSubstr(R"(<skipped message="not executed: no GPU in this machine"/>)"));
}

TEST(Junit, AFailureSaysHowToRunItAgain) {
  EXPECT_THAT(junit_xml(summarise(test::told_by_hand())),
              HasSubstr("repro: build/flashdiff repro &#39;fd1 b=1 hq=1 hk=1 d=1 dv=1"));
}

TEST(Junit, ALineThatComesAgainGetsANumber) {
  Told told = test::told_all_right();
  told.records.push_back(told.records.front());
  const std::string xml = junit_xml(summarise(std::move(told)));
  EXPECT_THAT(xml, HasSubstr("seed=0x1\""));
  EXPECT_THAT(xml, HasSubstr("seed=0x1 (2)\""));
}

TEST(Junit, PassesOfALongRunAreToldTogether) {
  const std::string xml = junit_xml(summarise(test::told_by_thousands()));
  EXPECT_THAT(xml, HasSubstr(" cases more: pass\""));
  EXPECT_THAT(xml, HasSubstr(R"( failures="858" )")) << "but every failure by itself";
}

}  // namespace
}  // namespace flashdiff
