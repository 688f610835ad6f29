#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "harness/driver/driver.h"
#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// What is asked of a GPU on a machine that has none.
class WithoutAGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (driver::Driver::load(DeviceChoice::gpu)) GTEST_SKIP() << "SKIPPED: there is a GPU here";
  }
  test::TemporaryFolder folder_;
};

TEST_F(WithoutAGpu, NothingIsTimedAndTheLastFileStays) {
  const std::string out = (folder_.path() / "gpu.json").string();
  std::ofstream(out) << "last night's";
  const auto said = flashdiff({"bench", "--device", "gpu", "-o", out});
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.err, HasSubstr("libcuda.so.1"));
  std::ifstream kept(out);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "last night's");
}

TEST_F(WithoutAGpu, CudnnIsNamedAsNotAskedAndNotRun) {
  const auto checked =
      flashdiff({"check", "--cases", "1", "--seed", "1", "--device", "soft", "--layout", "left"});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(checked.err, HasSubstr("; not asked: cudnn (it executes on a GPU only)"));
  const auto backends = flashdiff({"backends"});
  EXPECT_EQ(backends.code, 0);
  for (const char* row : {"cudnn ", "cudnn_inference ", "cudnn_bias ", "cudnn_compacted "})
    EXPECT_THAT(backends.out, HasSubstr(row));
  const auto asked = flashdiff({"check", "--backend", "cudnn", "--device", "gpu", "--cases", "1"});
  EXPECT_EQ(asked.code, 5) << asked.err;
  EXPECT_THAT(asked.err, HasSubstr("libcuda.so.1"));
}

/// A build machine has a toolkit, and so a libcuda.so.1 that is none.
TEST_F(WithoutAGpu, AToolkitsStubIsASentenceAndTheSoftwareDriverGoesOn) {
  std::filesystem::create_symlink(STUB_CUDA, folder_.path() / "libcuda.so.1");
  const std::vector<std::string> stub{"LD_LIBRARY_PATH=" + folder_.path().string()};
  const std::string words = "libcuda.so.1: cuInit: CUDA_ERROR_STUB_LIBRARY: a toolkit's stub";
  for (const char* who : {"flash_forward", "cudnn"}) {
    const auto asked = flashdiff({"check", "--backend", who, "--device", "gpu", "--cases", "1"}, stub);
    EXPECT_EQ(asked.code, 5) << asked.err;
    EXPECT_THAT(asked.err, HasSubstr(words));
  }
  const auto devices = flashdiff({"devices"}, stub);
  EXPECT_THAT(devices.out, HasSubstr(words));
  const auto checked = flashdiff(
      {"check", "--corpus", "none", "--cases", "1", "--seed", "1", "--backend", "flash_forward_simt"}, stub);
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(checked.err, HasSubstr("softcuda"));
}

TEST_F(WithoutAGpu, TimesAreNoGoldenCounters) {
  const auto said =
      flashdiff({"bench", "--device", "gpu", "--update-golden", "--golden", folder_.path().string()});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("golden counters are those that the software driver counts"));
}

}  // namespace
}  // namespace flashdiff
