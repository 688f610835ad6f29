#include "harness/driver/handles.h"

#include <array>
#include <cstring>

#include <gmock/gmock.h>

#include "properties/tests/softcuda/exec/kernel_text.h"

namespace flashdiff::driver {
namespace {

using softcuda::testing::kernel_text;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A context, and a buffer of `words` words that kernels write to.
class Handles : public ::testing::Test {
 protected:
  static constexpr std::size_t words = 64;

  /// One block of 64 threads of a kernel with this body, on the buffer.
  Outcome<void> run(const std::string& body, CUdeviceptr out) {
    Outcome<Module> module = Module::load(*driver_, kernel_text(body), "mine.ptx");
    if (!module) return tl::unexpected<Error>(module.error());
    const Outcome<CUfunction> function = module->function("k");
    if (!function) return tl::unexpected<Error>(function.error());
    std::array<std::byte, sizeof out> parameters{};
    std::memcpy(parameters.data(), &out, sizeof out);
    LaunchShape shape;
    shape.block[0] = words;
    return launch_and_wait(*driver_, *function, shape, parameters);
  }
  Outcome<void> run(const std::string& body) { return run(body, buffer_.address()); }

  std::shared_ptr<const Driver> driver_ = Driver::load(DeviceChoice::soft).value();
  Context context_ = Context::open(driver_).value();
  DeviceBuffer buffer_ = DeviceBuffer::allocate(*driver_, words * 4).value();
};

TEST_F(Handles, AKernelRunsOnWhatWasUploaded) {
  std::array<std::uint32_t, words> numbers{};
  for (std::uint32_t i = 0; i < words; ++i) numbers[i] = 1000 + i;
  ASSERT_TRUE(buffer_.upload(std::as_bytes(std::span(numbers))));
  const auto ran = run("ld.global.u32 %r5, [%rd1]; add.u32 %r5, %r5, %r1; st.global.u32 [%rd1], %r5; ret;");
  ASSERT_TRUE(ran) << ran.error().what;
  ASSERT_TRUE(buffer_.download(std::as_writable_bytes(std::span(numbers))));
  for (std::uint32_t i = 0; i < words; ++i) EXPECT_EQ(numbers[i], 1000 + 2 * i);
}

TEST_F(Handles, AnAccessBehindAnAllocationStopsTheLaunchAndIsPlaced) {
  const auto ran = run("st.global.u32 [%rd1+16], %r1; ret;");  // of 64 threads the last 4 leave the buffer
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().kind, ErrorKind::device_fault);
  EXPECT_THAT(ran.error().what, HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_THAT(ran.error().detail, AllOf(HasSubstr("block"), HasSubstr("warp 1"), HasSubstr("lane 28")));
  EXPECT_FALSE(run("ret;")) << "a fault stays with its context";
}

TEST_F(Handles, AMisalignedAccessIsOne) {
  const auto ran = run("st.global.u32 [%rd1+2], %r1; ret;");
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().what, HasSubstr("CUDA_ERROR_MISALIGNED_ADDRESS"));
}

TEST_F(Handles, MemoryAfterItsFreeIsNobodys) {
  CUdeviceptr gone = 0;
  { gone = DeviceBuffer::allocate(*driver_, words * 4).value().address(); }
  const auto ran = run("st.global.u32 [%rd1], %r1; ret;", gone);
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().what, HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_THAT(ran.error().detail, HasSubstr("free"));
}

TEST_F(Handles, AKernelWithoutAnEndIsStopped) {
  driver_->soft().set_instruction_limit(100'000);
  const auto ran = run("again: bra again;");
  driver_->soft().set_instruction_limit(20'000'000'000);
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().what, HasSubstr("CUDA_ERROR_LAUNCH_TIMEOUT"));
}

TEST_F(Handles, AnImageThatIsNoneIsTheUsersAndNamesTheLine) {
  const auto text = Module::load(*driver_, "hello", "mine.ptx");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(text.error().what, HasSubstr("mine.ptx"));
  const auto unknown = run("frobnicate.u32 %r1, %r2;");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(unknown.error().what + unknown.error().detail, HasSubstr("frobnicate"));
}

TEST_F(Handles, AnEntryThatIsNotThereIsNamed) {
  const auto module = Module::load(*driver_, kernel_text("ret;"), "mine.ptx").value();
  const auto entry = module.function("flash");
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(entry.error().what, AllOf(HasSubstr("mine.ptx"), HasSubstr("flash")));
}

TEST_F(Handles, MoreThanABufferHoldsIsRefused) {
  const std::vector<std::byte> more(words * 4 + 1);
  EXPECT_FALSE(buffer_.upload(more));
  std::vector<std::byte> room(words * 4 + 1);
  EXPECT_FALSE(buffer_.download(room));
}

TEST_F(Handles, ALaunchThatNoDeviceTakesIsRefused) {
  const auto module = Module::load(*driver_, kernel_text("ret;"), "mine.ptx").value();
  const CUfunction function = module.function("k").value();
  const std::array<std::byte, 8> parameters{};
  for (const LaunchShape& shape :
       {LaunchShape{{0, 1, 1}, {1, 1, 1}, 0}, LaunchShape{{1, 1, 1}, {2048, 1, 1}, 0},
        LaunchShape{{1, 1, 1}, {1, 1, 1}, 1u << 24}}) {
    const auto ran = launch_and_wait(*driver_, function, shape, parameters);
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().kind, ErrorKind::harness) << ran.error().what;
  }
}

}  // namespace
}  // namespace flashdiff::driver
