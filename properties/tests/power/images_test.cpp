#include "properties/power/images.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "properties/tests/run/temporary_folder.h"

// Images by an nvcc that is a script: it writes its words into what it makes, and counts its calls.

namespace flashdiff::power {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

class ImagesTest : public ::testing::Test {
 protected:
  ImagesTest() {
    fs::create_directories(folder_.path() / "kernels");
    write("kernels/flash.cu", "#include \"kernels/tiles.cuh\"\n#include <cuda.h>\nint rows = 3;\n");
    write("kernels/tiles.cuh", "#pragma once\n#include \"kernels/deep.h\"\nint tile = 64;\n");
    write("kernels/deep.h", "int deep = 1;\n");
    write("kernels/other.h", "int other = 1;\n");
    nvcc("release 1");
    mutant_.name = "m";
    mutant_.kernel = "flash";
    mutant_.file = "kernels/flash.cu";
    mutant_.find = "rows = 3";
    mutant_.replace = "rows = 4";
  }
  void write(const std::string& file, const std::string& text) {
    std::ofstream(folder_.path() / file) << text;
  }
  void nvcc(const std::string& version, const std::string& otherwise = "") {
    const fs::path script = folder_.path() / "nvcc";
    std::ofstream(script) << "#!/bin/sh\nif [ \"$1\" = --version ]; then echo " << version << "; exit; fi\n"
                          << otherwise << "echo call >>" << (folder_.path() / "calls").string() << R"(
words="$*"
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
{ echo "$words"; cat "$1"; } >"$out"
)";
    fs::permissions(script, fs::perms::owner_all);
  }
  [[nodiscard]] Outcome<Images> images() const {
    return Images::open({folder_.path(), folder_.path() / "nvcc", folder_.path() / "cache"});
  }
  [[nodiscard]] Image image() const { return images().value().of(mutant_).value(); }
  [[nodiscard]] std::ptrdiff_t calls() const {
    const std::string text = text_of(folder_.path() / "calls");
    return std::ranges::count(text, '\n');
  }

  test::TemporaryFolder folder_;
  Mutant mutant_;
};

TEST_F(ImagesTest, ThePlantedSourceIsCompiledOnce) {
  const Image first = image();
  EXPECT_THAT(text_of(first.ptx), AllOf(HasSubstr("rows = 4"), HasSubstr("-arch=compute_80 -ptx"),
                                        HasSubstr("-lineinfo"), Not(HasSubstr("FLASHDIFF_ONLY"))));
  EXPECT_GT(first.compile_seconds, 0);
  const Image second = image();
  EXPECT_EQ(second.ptx, first.ptx);
  EXPECT_EQ(second.compile_seconds, 0);
  EXPECT_EQ(calls(), 1);
  EXPECT_THAT(text_of(folder_.path() / "kernels/flash.cu"), HasSubstr("rows = 3")) << "as it was";
}

TEST_F(ImagesTest, AnotherImageWhereAnythingThatGoesInIsAnother) {
  std::set<std::string> hashes{image().inputs};
  write("kernels/other.h", "int other = 2;\n");
  EXPECT_FALSE(hashes.insert(image().inputs).second) << "nobody includes it";
  write("kernels/deep.h", "int deep = 2;\n");
  EXPECT_TRUE(hashes.insert(image().inputs).second) << "a header of a header";
  mutant_.replace = "rows = 5";
  EXPECT_TRUE(hashes.insert(image().inputs).second);
  mutant_.only = "f16_d32 f16_d64";
  EXPECT_TRUE(hashes.insert(image().inputs).second);
  EXPECT_THAT(text_of(image().ptx),
              HasSubstr("-DFLASHDIFF_ONLY_f16_d32 -DFLASHDIFF_ONLY_f16_d64 -DFLASHDIFF_ONLY "));
  nvcc("release 2");
  EXPECT_TRUE(hashes.insert(image().inputs).second);
  EXPECT_EQ(calls(), static_cast<std::ptrdiff_t>(hashes.size()));
}

TEST_F(ImagesTest, AHeaderCanBePlantedIn) {
  mutant_.file = "kernels/tiles.cuh";
  mutant_.find = "tile = 64";
  mutant_.replace = "tile = 65";
  const Image made = image();
  const std::string tree = (folder_.path() / "cache" / ("m-" + made.inputs)).string();
  EXPECT_THAT(text_of(made.ptx),
              AllOf(HasSubstr("-I" + tree + " -I" + folder_.path().string()), HasSubstr("rows = 3")));
  EXPECT_THAT(text_of(tree + "/kernels/tiles.cuh"), HasSubstr("tile = 65"));
}

TEST_F(ImagesTest, WhatDoesNotCompileLeavesNothing) {
  nvcc("release 1", "echo warning: so so; echo 'flash.cu(3): error: no such thing'; exit 2\n");
  const auto made = images().value().of(mutant_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::harness);
  EXPECT_EQ(made.error().what, "m: does not compile: flash.cu(3): error: no such thing");
  nvcc("release 1", "kill -9 $$\n");
  EXPECT_THAT(images().value().of(mutant_).error().what, HasSubstr("does not compile"));
  for (const auto& entry : fs::directory_iterator(folder_.path() / "cache"))
    EXPECT_NE(entry.path().extension(), ".ptx") << entry.path();
  nvcc("release 1");
  EXPECT_THAT(text_of(image().ptx), HasSubstr("rows = 4"));
}

TEST_F(ImagesTest, WhatIsMissingIsNamed) {
  mutant_.find = "no such text";
  EXPECT_THAT(images().value().of(mutant_).error().what, HasSubstr("no match"));
  mutant_.kernel = "nowhere";
  mutant_.find = "rows = 3";
  EXPECT_THAT(images().value().of(mutant_).error().what, HasSubstr("no kernels/nowhere.cu"));
  fs::remove(folder_.path() / "nvcc");
  EXPECT_EQ(images().error().kind, ErrorKind::harness);
  fs::remove_all(folder_.path() / "kernels");
  EXPECT_THAT(images().error().what, HasSubstr("expected flashdiff's sources"));
}

}  // namespace
}  // namespace flashdiff::power
