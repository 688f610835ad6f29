#include <thread>

#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Launches that are refused before they start.
namespace softcuda::testing {
namespace {

using exec::LaunchError;

LaunchError refused_launch(const exec::Kernel& kernel, exec::Dim3 grid, exec::Dim3 block,
                           std::uint32_t shared, std::size_t bytes) {
  const std::vector<std::byte> none(bytes);
  const auto done = machine().launch(kernel, grid, block, shared, none);
  return done ? LaunchError::none : done.error().refused;
}

TEST(Launch, WrongArgumentsAreRefused) {
  const auto image = loaded(
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 a, .param .u32 b) { ret; "
      "}\n"
      ".visible .entry wants() .reqntid 64, 2, 1 { ret; }\n.visible .entry most() .maxntid 128, 1, 1 { ret; "
      "}\n");
  ASSERT_TRUE(image);
  const auto& k = *image->kernel("k");
  EXPECT_EQ(k.parameter_bytes, 12u);
  ASSERT_EQ(k.parameters.size(), 2u);
  EXPECT_EQ(k.parameters[1].offset, 8u);
  EXPECT_EQ(k.parameters[1].bytes, 4u);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {32, 1, 1}, 0, 12), LaunchError::none);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {32, 1, 1}, 0, 11), LaunchError::wrong_parameter_size);
  EXPECT_EQ(refused_launch(k, {0, 1, 1}, {32, 1, 1}, 0, 12), LaunchError::empty_grid);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {32, 0, 1}, 0, 12), LaunchError::empty_grid);
  EXPECT_EQ(refused_launch(k, {1, 65536, 1}, {32, 1, 1}, 0, 12), LaunchError::grid_too_large);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {1025, 1, 1}, 0, 12), LaunchError::block_too_large);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {64, 32, 1}, 0, 12), LaunchError::block_too_large);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {1, 1, 65}, 0, 12), LaunchError::block_too_large);
  EXPECT_EQ(refused_launch(k, {1, 1, 1}, {32, 1, 1}, 163 * 1024 + 1, 12), LaunchError::too_much_shared);
  EXPECT_EQ(refused_launch(*image->kernel("wants"), {1, 1, 1}, {128, 1, 1}, 0, 0), LaunchError::wrong_block);
  EXPECT_EQ(refused_launch(*image->kernel("wants"), {1, 1, 1}, {64, 2, 1}, 0, 0), LaunchError::none);
  EXPECT_EQ(refused_launch(*image->kernel("most"), {1, 1, 1}, {129, 1, 1}, 0, 0),
            LaunchError::block_too_large);
  EXPECT_EQ(image->kernel("nobody"), nullptr);
}

TEST(Launch, ThreeDimensions) {
  const auto image =
      loaded(kernel_text("mov.u32 %r5, %tid.y; mov.u32 %r6, %tid.z; mov.u32 %r7, %ctaid.y; mov.u32 %r8, "
                         "%ctaid.z; mov.u32 %r9, %ntid.y; mov.u32 %r10, %nctaid.y;"
                         "mad.lo.u32 %r11, %r6, %r9, %r5; mad.lo.u32 %r11, %r11, %r3, %r4; mad.lo.u32 %r12, "
                         "%r8, %r10, %r7; mov.u32 %r13, %nctaid.x; mad.lo.u32 %r12, %r12, %r13, %r2;"
                         "mad.lo.u32 %r12, %r12, 30, %r11; mul.wide.u32 %rd4, %r12, 4; add.s64 %rd4, %rd4, "
                         "%rd2; st.global.u32 [%rd4], %r12; ret;"));
  ASSERT_TRUE(image);
  const OnDevice<std::uint32_t> out(std::vector<std::uint32_t>(30 * 24));
  ASSERT_TRUE(machine().launch(*image->kernel("k"), {2, 3, 4}, {5, 3, 2}, 0, parameters(out.address())));
  const auto values = out.values();
  for (std::uint32_t k = 0; k < values.size(); ++k) EXPECT_EQ(values[k], k);
}

TEST(Launch, FromSeveralThreadsAtOnce) {
  const auto image = loaded(kernel_text("red.global.add.u32 [%rd2], 1; ret;"));
  ASSERT_TRUE(image);
  const OnDevice<std::uint32_t> out(std::vector<std::uint32_t>(1));
  std::vector<std::thread> clients;
  for (int k = 0; k < 4; ++k) {
    clients.emplace_back([&] {
      for (int n = 0; n < 20; ++n)
        EXPECT_TRUE(
            machine().launch(*image->kernel("k"), {3, 1, 1}, {64, 1, 1}, 0, parameters(out.address())));
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(out.values()[0], 4u * 20 * 3 * 64);
}

}  // namespace
}  // namespace softcuda::testing
