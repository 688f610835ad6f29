#include <fstream>
#include <ostream>

#include <gmock/gmock.h>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;
using test::flashdiff;
using test::lines_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string capture = "properties/data/minilm_layer0.safetensors";

/// What a user may get wrong, and the words that must be in the one line that they read.
struct Wrong {
  const char* name;
  std::vector<std::string> arguments;  ///< FOLDER is a temporary folder
  std::vector<std::string> words;
  int code = 2;
  friend std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.name; }
};

const std::vector<Wrong> all_wrong{
    {"NoCommand", {}, {"--help"}},
    {"UnknownCommand", {"chekc"}, {"chekc", "check"}},
    {"UnknownOption", {"check", "--casse", "5"}, {"--casse", "flashdiff check --help"}},
    {"CasesAreNoNumber", {"check", "--cases", "many"}, {"--cases", "many"}},
    {"CasesAreNegative", {"check", "--cases", "-5"}, {"--cases"}},
    {"UnknownLayout", {"check", "--layout", "left,middle"}, {"--layout", "middle", "packed"}},
    {"NoPage", {"check", "--page", "8"}, {"--page", "expected 0 or a multiple of 16 up to 256"}},
    {"HeadDimOfNoKernel", {"check", "--largest-head-dim", "257"}, {"--largest-head-dim", "256"}},
    {"UnknownMask", {"check", "--mask", "causal"}, {"--mask", "causal_br"}},
    {"UnknownDtype", {"check", "--dtype", "fp8"}, {"--dtype", "bf16"}},
    {"UnknownBackend", {"check", "--backend", "cudnn9"}, {"--backend", "cudnn9", "flash_forward_simt"}},
    {"SoftWithoutAValue", {"check", "--soft", "check"}, {"--soft check", "KEY=VALUE"}},
    {"SoftOfUnknownKey", {"check", "--soft", "chekc=all"}, {"chekc", "warp-order"}},
    {"SoftOfUnknownValue", {"check", "--soft", "check=everything"}, {"check=everything", "race"}},
    {"CountersOfNoCase", {"counters", "fd1", "b=1"}, {"hq"}},
    {"CountersOfAGpu",
     {"counters", "fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=5 kv=5 mask=none data=rising seed=0x1",
      "--device", "gpu"},
     {"--device gpu", "--device soft"}},
    {"CountersOfTheReference",
     {"counters", "fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=left q=5 kv=5 mask=none data=rising seed=0x1",
      "--backend", "reference"},
     {"reference", "no kernel"}},
    {"PtxOfNoFile", {"ptx", "FOLDER/none.ptx"}, {"none.ptx", "PTX"}},
    {"PtxOfAFolder", {"ptx", "FOLDER"}, {"FOLDER", "folder"}},
    {"PtxOfText", {"ptx", "FOLDER/text"}, {"FOLDER/text:1:1", ".version"}},
    {"LintOfNothing", {"lint"}, {"MASK", "--explain"}},
    {"LintOfNoFile", {"lint", "FOLDER/none.npy"}, {"none.npy", "no such file", ".safetensors"}},
    {"LintOfText", {"lint", "FOLDER/text"}, {"FOLDER/text:1", "'dear'", "expected numbers"}},
    {"LintOfABias", {"lint", "properties/tests/lint/data/bias.npy"}, {"additive bias", "row 1, column 0"}},
    {"LintOfThreeDimensions",
     {"lint", "properties/tests/lint/data/mask_3d.npy"},
     {"3 dimensions, shape [3, 1, 5]", "[batch, seq]"}},
    {"LintOfLengthsThatDisagree",
     {"lint", "properties/tests/lint/data/mask_bool.npy", "--q-len", "7"},
     {"mask_bool.npy", "5 columns", "7 new tokens"}},
    {"LintOfAnUnknownPhase", {"lint", "FOLDER/text", "--phase", "eval"}, {"--phase", "eval", "prefill"}},
    {"ExplainNothing", {"lint", "--explain", "FD999"}, {"FD999", "FD001"}},
    {"UnknownDevice", {"check", "--device", "tpu"}, {"--device", "gpu"}},
    {"TimeWithoutAUnit", {"check", "--time", "5 fortnights"}, {"--time"}},
    {"TimeIsZero", {"check", "--time", "0"}, {"--time"}},
    {"NoJobs", {"check", "--jobs", "0"}, {"--jobs"}},
    {"NoSuchCapture", {"check", "--activations", "FOLDER/none.safetensors"}, {"none.safetensors"}},
    {"CaptureIsAFolder", {"check", "--activations", "FOLDER"}, {"FOLDER"}},
    {"CaptureIsTruncated",
     {"check", "--activations", "FOLDER/truncated.safetensors"},
     {"truncated.safetensors"}},
    {"CaptureIsText", {"check", "--activations", "FOLDER/text"}, {"FOLDER/text"}},
    {"ImageOfNobody", {"check", "--image", "nobody=FOLDER/text"}, {"KERNEL=FILE", "flash_forward_simt"}},
    {"ImageWithoutAKernel", {"check", "--image", "FOLDER/text"}, {"KERNEL=FILE"}},
    {"NoSuchImage", {"check", "--image", "flash_forward_simt=FOLDER/none.ptx"}, {"none.ptx"}},
    {"ImageIsText",
     {"check", "--image", "flash_forward_simt=FOLDER/text"},
     {"FOLDER/text", "PTX:1:1", ".version"}},
    {"ImageIsEmpty", {"check", "--image", "flash_forward_simt=FOLDER/empty"}, {"FOLDER/empty"}},
    {"StoreIsText", {"check", "--cases", "1", "--store", "FOLDER/text"}, {"FOLDER/text", "not a store"}},
    {"StoreIsAFolder", {"check", "--cases", "1", "--store", "FOLDER"}, {"FOLDER", "cannot be opened"}},
    {"StoreInNoFolder",
     {"check", "--cases", "1", "--store", "FOLDER/no/x.db"},
     {"FOLDER/no/x.db", "cannot be opened"}},
    {"LineIsNone", {"repro", "hello"}, {"fd1"}},
    {"LineWithAnUnknownKey", {"repro", "fd1 b=1 q=1 kv=1 sequence=3"}, {"sequence"}},
    {"LineOfAnImpossibleShape",
     {"repro", "fd1 b=1 hq=3 hk=2 d=8 dv=8 dt=f32 lay=left q=1 kv=1 mask=none data=normal seed=0x1"},
     {"hk"}},
    {"NoSuchStore", {"report", "FOLDER/none.db"}, {"none.db", "no such file"}},
    {"ReportOfText", {"report", "FOLDER/text"}, {"not a store"}},
    {"ReportOfNothing", {"report"}, {"store"}},
    {"BenchIntoNoFolder", {"bench", "-o", "FOLDER/no/x.json"}, {"FOLDER/no/x.json"}},
};

class BadInput : public ::testing::TestWithParam<Wrong> {
 protected:
  BadInput() {
    std::ofstream(folder_.path() / "text")
        << "dear diary, this is nothing that a program could want to read\n";
    std::ofstream(folder_.path() / "empty");
    const fs::path cut = folder_.path() / "truncated.safetensors";
    fs::copy_file(fs::path(FLASHDIFF_SOURCE_DIR) / capture, cut);
    fs::resize_file(cut, fs::file_size(cut) - 1000);
  }
  /// FOLDER in a word becomes this test's folder.
  [[nodiscard]] std::string placed(std::string word) const {
    if (const auto at = word.find("FOLDER"); at != std::string::npos)
      word.replace(at, 6, folder_.path().string());
    return word;
  }
  test::TemporaryFolder folder_;
};

TEST_P(BadInput, IsOneLineThatNamesItAndAnExitCode) {
  std::vector<std::string> arguments;
  for (const std::string& word : GetParam().arguments) arguments.push_back(placed(word));
  const test::Said said = flashdiff(arguments);
  EXPECT_EQ(said.code, GetParam().code) << said.err;
  EXPECT_THAT(said.out, IsEmpty());
  const auto lines = lines_of(said.err);
  ASSERT_THAT(lines, SizeIs(1)) << said.err;
  EXPECT_THAT(lines[0], StartsWith("flashdiff"));
  for (const std::string& word : GetParam().words) EXPECT_THAT(lines[0], HasSubstr(placed(word)));
}

INSTANTIATE_TEST_SUITE_P(Each, BadInput, ::testing::ValuesIn(all_wrong),
                         [](const auto& wrong) { return wrong.param.name; });

}  // namespace
}  // namespace flashdiff
