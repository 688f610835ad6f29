#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <sched.h>
#include <unistd.h>

#include "harness/backend/openvino/openvino.h"
#include "properties/tests/backend/openvino/driven.h"
#include "properties/tests/run/temporary_folder.h"

namespace flashdiff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// FLASHDIFF_OPENVINO for the life of the object.
class Pointed {
 public:
  explicit Pointed(const std::filesystem::path& folder) { setenv("FLASHDIFF_OPENVINO", folder.c_str(), 1); }
  ~Pointed() { unsetenv("FLASHDIFF_OPENVINO"); }
  Pointed(const Pointed&) = delete;
  Pointed& operator=(const Pointed&) = delete;
};

Error error_of_open() {
  const auto opened = openvino_backend();
  return opened ? Error{ErrorKind::harness, "opened", {}} : opened.error();
}

TEST(OpenVinoLibrary, WhereItIsNotTheBackendSaysSoAndIsNoFailure) {
  const test::TemporaryFolder folder;
  const Pointed pointed(folder.path());
  const Error error = error_of_open();
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.what, AllOf(HasSubstr(folder.path().string()), HasSubstr("libopenvino_c.so")));
}

TEST(OpenVinoLibrary, AFileThatIsNoLibraryIsNamed) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "libopenvino_c.so.1") << "dear diary";
  const Pointed pointed(folder.path());
  const Error error = error_of_open();
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.what, HasSubstr("libopenvino_c.so.1"));
}

TEST(OpenVinoLibrary, AnotherLibraryUnderItsNameLacksItsFunctions) {
  const test::TemporaryFolder folder;
  std::filesystem::copy_file(OTHER_LIBRARY, folder.path() / "libopenvino_c.so");
  const Pointed pointed(folder.path());
  const Error error = error_of_open();
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.what, HasSubstr("has no ov_get_openvino_version"));
}

TEST(OpenVinoLibrary, WhatItRefusesIsASentence) {
  // Two heads of K and V for four of Q: sharing that its operation does not know.
  const auto model = openvino::Model::compile(
      testing::library(), {.heads = 4, .kv_heads = 2, .queries = 3, .keys = 5, .d_qk = 8, .d_v = 8});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::harness);
  EXPECT_THAT(model.error().what, AllOf(HasSubstr("ov_core_read_model_from_memory_buffer"),
                                        HasSubstr("Key input shape not compatible")));
  EXPECT_EQ(model.error().what.find('\n'), std::string::npos);
}

/// Whether this thread was held to fewer processors than it has, while a model of that kind computed.
bool was_pinned(openvino::Thread thread, std::string& told) {
  const openvino::Form form{.heads = 4, .queries = 512, .keys = 512, .d_qk = 64, .d_v = 64};
  auto model = openvino::Model::compile(testing::library(), form, thread).value();
  told = model.threads().value();
  const std::vector<float> rows(std::size_t{4} * 512 * 64, 1.0f);
  std::vector<float> o(rows.size());
  const std::vector<std::uint8_t> sees(std::size_t{512} * 512, 1);
  const float scale = 1;
  if (!model.bind({rows.data(), rows.data(), rows.data(), sees.data(), &scale, o.data()})) return false;
  const auto processors_of = [](pid_t id) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(id, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  };
  const pid_t mine = gettid();
  const int all = processors_of(mine);
  std::atomic<bool> done = false, fewer = false;
  std::thread watch([&] {
    while (!done && !fewer) fewer = processors_of(mine) < all;
  });
  for (int i = 0; i < 200 && !fewer; ++i) (void)model.run();
  done = true;
  watch.join();
  return fewer;
}

/// Each process would pin to the same core: workers of a run are left alone, times are taken pinned.
TEST(OpenVinoLibrary, ItsThreadIsPinnedWhereThatIsAskedAndNowhereElse) {
  std::string told;
  EXPECT_FALSE(was_pinned(openvino::Thread::free, told));
  EXPECT_EQ(told, "1 thread, not pinned");
  const bool pinned = was_pinned(openvino::Thread::pinned, told);
  EXPECT_EQ(told, "1 thread, pinned");
  EXPECT_EQ(pinned, std::thread::hardware_concurrency() > 1);
}

TEST(OpenVinoLibrary, AFusedAnswerIsToldFromOneInParts) {
  using openvino::is_fused;
  EXPECT_TRUE(is_fused({{"Convert_1", "Convert", "ref_boolean"}, {"sdpa", "Subgraph", "jit_avx2_f32"}}));
  EXPECT_FALSE(is_fused({{"MatMul_1", "MatMul", "brgemm_avx2_f32"},
                         {"Softmax_2", "Softmax", "jit_avx2_f32"},
                         {"sdpa", "MatMul", "brgemm_avx2_f32"}}));
  EXPECT_FALSE(is_fused({{"MatMul_1", "MatMul", "brgemm_avx2_f32"}, {"sdpa", "Subgraph", "jit_avx2_f32"}}));
  EXPECT_FALSE(is_fused({{"sdpa", "MatMul", "brgemm_avx2_f32"}}));
  EXPECT_FALSE(is_fused({}));
}

}  // namespace
}  // namespace flashdiff
