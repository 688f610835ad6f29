#include "reports/support.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

/// What `flashdiff backends --matrix --json` wrote → its page.
namespace flashdiff {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

json entry(const char* handed, const char* said, const char* by, const char* why) {
  return {{"phase", "prefill"},  {"handed", handed},    {"mask", "none"},   {"dtype", "f16"},
          {"dims", "64"},        {"modifier", "plain"}, {"memory", "bshd"}, {"way", "ragged"},
          {"case", "fd1 b=1"},   {"said", said},        {"by", by},         {"why", why},
          {"documented", "yes"}, {"way_bytes", 1234}};
}

json matrix() {
  json built = entry("left: ragged", "yes", "build", "");
  built.update({{"engines", 4},
                {"engine", "eng9_k24=7"},
                {"workspace_bytes", 1280},
                {"kernel", "a_kernel"},
                {"plan_bytes", 90441}});
  const json hopper{{"name", "sm_90"},
                    {"device", "an H100"},
                    {"about", "an H100 (a profile read off a device)"},
                    {"read_off_a_device", true},
                    {"cudnn", "9.19.0"},
                    {"unasked", ""},
                    {"classes",
                     {built, entry("left: bias", "no", "frontend", "a rule <of> the frontend"),
                      entry("left: compaction", "unasked", "nobody", "it died")}}};
  json other = hopper;
  other.update({{"name", "sm_80"},
                {"about", "an A100 (a profile made by hand)"},
                {"read_off_a_device", false},
                {"cudnn", ""},
                {"unasked", "libnvrtc.so.13 is not there"},
                {"classes", json::array()}});
  return {{"format", "flashdiff-cudnn-matrix 2"},
          {"note", "no proof of execution"},
          {"profiles", {other, hopper}}};
}

TEST(SupportPage, SaysWhatWasSaidByWhomAndThatNothingRan) {
  const auto page = support_page(matrix().dump());
  ASSERT_TRUE(page) << page.error().what;
  EXPECT_THAT(*page, AllOf(HasSubstr("no proof of execution"),
                           HasSubstr("3 questions: 1 yes (1 of them built), 1 no, 1 not to be had"),
                           HasSubstr("a rule &lt;of&gt; the frontend"), HasSubstr("a_kernel"),
                           HasSubstr("90,441"), HasSubstr("could not be asked: libnvrtc.so.13 is not there"),
                           HasSubstr("a profile made by hand"), Not(HasSubstr("://"))));
}

TEST(SupportPage, WhatCouldNotBeAskedIsNoNo) {
  const std::string page = *support_page(matrix().dump());
  const auto cell = [&page](const std::string& way) {
    const std::size_t row = page.find("<th scope=\"row\">" + way + "</th>");
    return row == std::string::npos ? "" : page.substr(row, 700);
  };
  EXPECT_THAT(cell("bias"), HasSubstr("class=\"fail\" title=\"0 yes, 1 no, 0 not to be had"));
  EXPECT_THAT(cell("compaction"), HasSubstr("class=\"none\" title=\"0 yes, 0 no, 1 not to be had"));
  EXPECT_THAT(cell("ragged"),
              AllOf(HasSubstr("class=\"pass\" title=\"1 yes"), HasSubstr("1,280"), HasSubstr("1,234")));
}

TEST(SupportPage, AnotherFileIsRefused) {
  EXPECT_THAT(support_page("[]").error().what, HasSubstr("flashdiff backends --matrix --json FILE"));
  json broken = matrix();
  broken["profiles"][1]["classes"][0].erase("said");
  const auto page = support_page(broken.dump());
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::bad_input);
}

}  // namespace
}  // namespace flashdiff
