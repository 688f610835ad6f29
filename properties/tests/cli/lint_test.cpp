#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* message =
    "You are attempting to perform batched generation with padding_side='right' this may lead to unexpected "
    "behaviour for Flash Attention version of ...";

/// A text whose words are separated by single spaces: wrapped lines joined.
std::string joined(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty()) line += ' ';
    line += word;
  }
  return line;
}

struct Masks {
  test::TemporaryFolder folder;
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() / name) << text;
    return (folder.path() / name).string();
  }
};

/// The message that the project started from, on a right-padded batch, with the word whether it is right.
TEST(Lint, TheFrameworksMessageIsJudgedForTheBatchAtHand) {
  const Masks masks;
  const std::string right = masks.write("right.txt", "1 1 1 1\n1 1 0 0\n");
  const auto evaluation = flashdiff({"lint", right, "--phase", "train"});
  EXPECT_EQ(evaluation.code, 0) << evaluation.err;
  EXPECT_THAT(joined(evaluation.out),
              AllOf(HasSubstr(message), HasSubstr("\", wrongly: "), HasSubstr("note[FD003]")));
  const auto generation = flashdiff({"lint", right, "--phase", "prefill"});
  EXPECT_EQ(generation.code, 1) << generation.err;
  EXPECT_THAT(joined(generation.out),
              AllOf(HasSubstr(message), HasSubstr("\", rightly: "), HasSubstr("error[FD004]")));
  const auto decode = flashdiff({"lint", masks.write("hole.txt", "11111\n11001\n"), "--phase", "decode"});
  EXPECT_EQ(decode.code, 1) << decode.err;
  EXPECT_THAT(joined(decode.out),
              AllOf(HasSubstr(message), HasSubstr("passes, and misses"), HasSubstr("error[FD005]")));
}

TEST(Lint, ACleanMaskIsSaidToBe) {
  const Masks masks;
  const auto clean = flashdiff({"lint", masks.write("left.txt", "1 1 1\n0 1 1\n")});
  EXPECT_EQ(clean.code, 0) << clean.err;
  EXPECT_THAT(clean.out, HasSubstr("additive bias               in place\n\nclean\n"));
  EXPECT_THAT(clean.err, IsEmpty());
}

TEST(Lint, EveryFormatHasTheSameFindings) {
  const Masks masks;
  const std::string right = masks.write("right.txt", "1 1 1 1\n1 1 0 0\n");
  const auto json = flashdiff({"lint", right, "--format", "json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(nlohmann::json::parse(json.out)["errors"], 2);
  const auto sarif = flashdiff({"lint", right, "--format", "sarif"});
  EXPECT_EQ(sarif.code, 1);
  EXPECT_EQ(nlohmann::json::parse(sarif.out)["runs"][0]["results"].size(), 2u);
}

TEST(Lint, ArraysAreWrittenWhereAsked) {
  const Masks masks;
  const auto done = flashdiff({"lint", masks.write("left.txt", "1 1 1\n0 1 1\n"), "--emit",
                               (masks.folder.path() / "arrays").string()});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("arrays in "));
  EXPECT_TRUE(std::filesystem::exists(masks.folder.path() / "arrays/step0.first_rows.first_row_k.npy"));
}

TEST(Lint, ExplainsByCodeAndByName) {
  const auto by_code = flashdiff({"lint", "--explain", "fd005"});
  EXPECT_EQ(by_code.code, 0);
  EXPECT_THAT(by_code.out, AllOf(HasSubstr("FD005 side-check-miss"), HasSubstr("1 1 0 0 1")));
  EXPECT_EQ(flashdiff({"lint", "--explain", "side-check-miss"}).out, by_code.out);
}

}  // namespace
}  // namespace flashdiff
