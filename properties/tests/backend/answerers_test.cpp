#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "harness/backend/answerers/registry.h"
#include "harness/oracle/judge.h"
#include "harness/problem/names.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kernel = "flash_forward_simt";

Error error_of_image(const std::string& file) {
  const auto backend = open_backend(kernel, {DeviceChoice::soft, {{kernel, file}}, {}, 1});
  return backend ? Error{ErrorKind::harness, "opened", {}} : backend.error();
}

TEST(Registry, EveryEntryOpensOnTheSoftwareDriverAndAnswers) {
  const auto asked = [](const std::string& pass) {
    const std::string mask = pass == "append" ? "none" : "causal_br";
    return parse_case("fd1 b=2 hq=4 hk=2 d=40 dv=24 dt=bf16 lay=left q=5,16 kv=70,64 mask=" + mask +
                      " data=rising seed=0x2a pass=" + pass)
        .value();
  };
  for (const BackendEntry& entry : backend_registry()) {
    EXPECT_FALSE(entry.description.empty());
    if (entry.gpu_only) continue;  // tests/backend/cudnn
    auto backend = entry.open({DeviceChoice::soft, {}, {}, 1});
    ASSERT_TRUE(backend) << entry.name << ": " << backend.error().what;
    EXPECT_EQ((*backend)->name(), entry.name);
    if (entry.known_wrong) continue;  // each has a test that finds it so
    for (const Pass pass : all_of<Pass>) {
      const Case c = asked(name_of(pass));
      ASSERT_EQ((*backend)->supports(c).yes, entry.computes(pass)) << entry.name << ", " << name_of(pass);
      if (!entry.computes(pass)) continue;
      const Examination examined = examine(**backend, c);
      EXPECT_STREQ(name_of(examined.verdict), "pass") << entry.name << ": " << explain(examined.verdict);
    }
  }
}

/// A mask says where a hole is; a first row and a length cannot.
TEST(Registry, HolesAreTakenByWhoIsHandedAMaskAndRefusedByKernels) {
  for (const BackendEntry& entry : backend_registry()) {
    if (entry.gpu_only) continue;  // tests/backend/cudnn
    const Case c = parse_case(std::string("fd1 b=2 hq=4 hk=2 d=40 dv=24 dt=f32 lay=right hole=5 q=5,9 kv=5,9 "
                                          "mask=causal_br data=rising seed=0x2a pass=") +
                              (entry.pass == Pass::append ? "forward" : name_of(entry.pass)))
                       .value();
    const auto backend = entry.open({DeviceChoice::soft, {}, {}, 1}).value();
    const Support support = backend->supports(c);
    EXPECT_EQ(support.yes, !entry.on_device) << entry.name;
    if (entry.on_device) {
      EXPECT_THAT(support.why_not, HasSubstr("a hole in a sequence"));
      continue;
    }
    const Verdict verdict = examine(*backend, c).verdict;
    EXPECT_EQ(is_failure(verdict), entry.known_wrong) << entry.name << ": " << explain(verdict);
  }
}

TEST(Registry, AnUnknownNameListsTheKnownOnes) {
  const auto backend = open_backend("no_such_backend", {});
  ASSERT_FALSE(backend);
  EXPECT_EQ(backend.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(backend.error().what,
              AllOf(HasSubstr("no_such_backend"), HasSubstr(kernel), HasSubstr("reference")));
}

TEST(Images, WhatCannotBeRunIsTheUsersAndNamed) {
  const test::TemporaryFolder folder;
  const auto file = [&](const char* name, const std::string& text) {
    std::ofstream(folder.path() / name) << text;
    return (folder.path() / name).string();
  };
  const std::string others =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry other() { ret; }\n";
  for (const std::string& image :
       {std::string("/no/such/file.ptx"), folder.path().string(), file("empty", ""),
        file("text", "dear diary"), file("zeros", std::string(100, '\0'))}) {
    const Error error = error_of_image(image);
    EXPECT_EQ(error.kind, ErrorKind::bad_input) << image;
    EXPECT_THAT(error.what, HasSubstr(image));
  }
  // An image of other kernels is found out by the first launch: which entries a plan needs depends on the
  // case.
  const std::string image = file("other.ptx", others);
  auto backend = open_backend(kernel, {DeviceChoice::soft, {{kernel, image}}, {}, 1});
  ASSERT_TRUE(backend);
  const Examination examined =
      examine(**backend,
              parse_case("fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1")
                  .value());
  EXPECT_STREQ(name_of(examined.verdict), "unsupported") << explain(examined.verdict);
  EXPECT_THAT(explain(examined.verdict),
              HasSubstr(image + ": this image has no entry flash_forward_simt_f32_d32"));
}

/// A padded batch whose tiles reach into padding, inside the allocation.
std::string told_of_padding(const std::string& image, const char* checks) {
  BackendOptions options{DeviceChoice::soft, {}, {{"check", checks}}, 1};
  if (!image.empty()) options.images[kernel] = image;
  auto backend = open_backend(kernel, options);
  if (!backend) return backend.error().what;
  const Case c = parse_case(
                     "fd1 b=2 hq=2 hk=1 d=8 dv=8 dt=f32 lay=right q=32,32 kv=17,64 mask=none "
                     "data=normal seed=0x1")
                     .value();
  const Verdict verdict = examine(**backend, c).verdict;
  return std::string(name_of(verdict)) + ": " + explain(verdict);
}

TEST(Extents, APaddingRowThatIsReadAndMaskedIsSeenByThatDetectorAlone) {
  const std::string image = std::string(IMAGES) + "/padding_read.ptx";
  EXPECT_THAT(told_of_padding(image, "memory,race,init,sync,leaks"), HasSubstr("pass"));
  const std::string told = told_of_padding(image, "extents");
  EXPECT_THAT(told,
              AllOf(HasSubstr("padding read"), HasSubstr("flash_forward_simt.cu:"),
                    HasSubstr("K, sequence 0: "), HasSubstr(" behind the last (of 17), head 0, column 0")));
  EXPECT_THAT(told_of_padding("", "all"), HasSubstr("pass")) << "the kernel as it is";
}

}  // namespace
}  // namespace flashdiff
