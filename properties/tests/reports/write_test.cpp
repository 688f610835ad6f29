#include "reports/write.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "properties/tests/reports/told_by_hand.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/site.h"
#include "reports/summarise.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WriteFiles : public ::testing::Test {
 protected:
  WriteFiles() : folder_(fs::path(::testing::TempDir()) / fmt::format("flashdiff-write-{}", getpid())) {}
  ~WriteFiles() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  static std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  fs::path folder_;
};

TEST_F(WriteFiles, MakesTheFolderAndNothingBesideTheFiles) {
  const Report report = summarise(test::told_by_hand());
  const auto files = write_files(report, folder_ / "deep" / "er");
  ASSERT_TRUE(files) << files.error().what;
  const std::vector<SitePage> pages = site_pages(report);
  for (const SitePage& page : pages) EXPECT_EQ(bytes_of(folder_ / "deep" / "er" / page.file), page.html);
  EXPECT_EQ(files->html, folder_ / "deep" / "er" / "index.html");
  EXPECT_EQ(bytes_of(files->markdown), markdown(report));
  EXPECT_EQ(bytes_of(files->junit), junit_xml(report));
  EXPECT_EQ(files->conclusion, Conclusion::fail);
  EXPECT_EQ(files->why, report.why);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "deep" / "er"), {}), std::ssize(pages) + 2);
}

TEST_F(WriteFiles, ReplacesWhatWasThere) {
  ASSERT_TRUE(write_files(summarise(test::told_by_hand()), folder_));
  const Report report = summarise(test::told_all_right());
  ASSERT_TRUE(write_files(report, folder_));
  EXPECT_EQ(bytes_of(folder_ / "index.html"), site_pages(report).front().html);
  EXPECT_FALSE(fs::exists(folder_ / "failures.html")) << "nothing is wrong any more";
}

TEST_F(WriteFiles, OnePageWhereOneIsWanted) {
  ReportOptions options;
  options.single_file = true;
  const Report report = summarise(test::told_by_hand(), options);
  ASSERT_TRUE(write_files(report, folder_));
  EXPECT_EQ(bytes_of(folder_ / "index.html"), html_page(report));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 3);
}

TEST_F(WriteFiles, AFileInTheWayIsNamed) {
  std::ofstream(folder_) << "a file";
  const auto files = write_files(summarise({}), folder_);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(files.error().what, HasSubstr(folder_.string()));
}

TEST_F(WriteFiles, AFullDiskIsAnErrorAndLeavesNoHalfPage) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "SKIPPED: no /dev/full here";
  fs::create_directories(folder_);
  fs::create_symlink("/dev/full", folder_ / "index.html.part");
  const auto files = write_files(summarise({}), folder_);
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().what, HasSubstr("index.html: cannot be written"));
  EXPECT_FALSE(fs::exists(folder_ / "index.html"));
}

}  // namespace
}  // namespace flashdiff
