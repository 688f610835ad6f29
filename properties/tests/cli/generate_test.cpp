#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::HasSubstr;

TEST(Generate, AnswersWhichSideIsSafe) {
  const test::TemporaryFolder folder;
  const std::string json = (folder.path() / "table.json").string();
  const auto said = flashdiff({"generate", "--lengths", "3,9", "--steps", "2", "--json", json});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("Which padding side is safe?"));
  EXPECT_THAT(said.out, HasSubstr("append_kv, flash_forward, flash_decode on "));
  const auto table = nlohmann::json::parse(std::ifstream(json));
  EXPECT_EQ(table.at("prompts"), nlohmann::json({3, 9}));
  EXPECT_EQ(nlohmann::json::parse(
                flashdiff({"generate", "--lengths", "3,9", "--steps", "2", "--format", "json"}).out),
            table)
      << "the same seed gives the same table";
}

TEST(Generate, BadInputIsOneLine) {
  for (const auto& [words, expected] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--lengths", "0,5"}, "--lengths"},
           {{"--heads", "4", "--kv-heads", "3"}, "--kv-heads 3: expected a divisor of the 4 heads"},
           {{"--activations", "/nowhere.safetensors"}, "/nowhere.safetensors"},
           {{"--dtype", "f32"}, "--dtype"},
           {{"--lengths", "3", "--steps", "1", "--backend", "reference", "--json", "/nowhere/t.json"},
            "--json /nowhere/t.json: cannot be written"}}) {
    std::vector<std::string> call{"generate"};
    call.insert(call.end(), words.begin(), words.end());
    const auto said = flashdiff(call);
    EXPECT_EQ(said.code, 2) << said.err;
    EXPECT_THAT(said.err, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace flashdiff
