#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// What cuDNN says is tested in properties/tests/backend/cudnn; here, that the command never takes silence for
// an answer.
TEST(BackendsMatrix, WithoutCudnnNothingWasAskedAndTheExitCodeSaysSo) {
  const test::TemporaryFolder folder;
  const std::string out = (folder.path() / "page").string();
  const auto said = flashdiff({"backends", "--matrix", "--profile", "sm_90", "-o", out},
                              {"FLASHDIFF_CUDNN=" + folder.path().string()});
  EXPECT_EQ(said.code, 5) << said.err;
  EXPECT_THAT(said.out, HasSubstr("could not be asked: "));
  EXPECT_THAT(said.out, AnyOf(HasSubstr("libcudnn.so.9 is not there"), HasSubstr("is not built")));
  const auto matrix = nlohmann::json::parse(std::ifstream(out + "/cudnn.json"));
  EXPECT_TRUE(matrix.at("profiles").at(0).at("classes").empty());
  std::ifstream page(out + "/cudnn.html");
  EXPECT_TRUE(page.good());
}

TEST(BackendsMatrix, BadInputIsOneLine) {
  for (const auto& [words, expected] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--matrix", "--profile", "sm_70"}, "no device profile 'sm_70', expected one of: sm_80"},
           {{"--profile", "sm_90"}, "--matrix"},
           {{"--matrix", "--build", "-3"}, "--build"},
           {{"--matrix", "--profile", "sm_90", "--plans", "/proc/nowhere"}, "--plans /proc/nowhere"}}) {
    std::vector<std::string> call{"backends"};
    call.insert(call.end(), words.begin(), words.end());
    const auto said = flashdiff(call);
    EXPECT_EQ(said.code, 2) << said.err;
    EXPECT_THAT(said.err, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace flashdiff
