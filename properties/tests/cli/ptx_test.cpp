#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "properties/tests/cli/program.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using test::flashdiff;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

std::string written(const test::TemporaryFolder& folder, const std::string& body) {
  const auto path = folder.path() / "k.ptx";
  std::ofstream(path) << kHead << body;
  return path.string();
}

TEST(Ptx, ACompleteModuleIsListed) {
  const test::TemporaryFolder folder;
  const auto done =
      flashdiff({"ptx", written(folder,
                                ".visible .entry k(.param .u64 p) {\n.reg .b64 %rd<2>; .reg .b32 %r<2>;\n"
                                "ld.param.u64 %rd1, [p];\nmov.u32 %r1, %tid.x;\n"
                                "st.global.u32 [%rd1], %r1;\nret;\n}\n")});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("PTX 8.0 for sm_80, 1 kernels, 4 instructions"));
  EXPECT_THAT(done.out, HasSubstr("st.global.u32"));
  EXPECT_THAT(done.out, HasSubstr("nothing is missing"));
}

TEST(Ptx, WhatIsMissingIsNamedWithLineAndKernel) {
  const test::TemporaryFolder folder;
  const auto file = written(folder,
                            ".visible .entry first() { ret; }\n.visible .entry second() {\n.reg .b32 %r<3>;\n"
                            "frobnicate.u32 %r1, %r2;\nret;\n}\n");
  const auto done = flashdiff({"ptx", file, "--missing"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out,
              HasSubstr(file + ":7: `frobnicate.u32`: no such instruction is supported, in kernel `second`"));
  EXPECT_THAT(done.out, Not(HasSubstr("nothing is missing")));
  const auto json = nlohmann::json::parse(flashdiff({"ptx", file, "--json"}).out);
  EXPECT_FALSE(json["complete"].get<bool>());
  EXPECT_TRUE(json["kernels"][0]["missing"].empty());
  EXPECT_EQ(json["kernels"][1]["missing"].size(), 1u);
}

/// What runs in this repository is complete.
TEST(Ptx, OurOwnKernelsAreComplete) {
  for (const char* file : {FLASHDIFF_BINARY_DIR "/kernels/flash_forward.ptx",
                           FLASHDIFF_BINARY_DIR "/kernels/flash_forward_simt.ptx"}) {
    const auto done = flashdiff({"ptx", file, "--json"});
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_TRUE(nlohmann::json::parse(done.out)["complete"].get<bool>()) << file;
  }
}

}  // namespace
}  // namespace flashdiff
