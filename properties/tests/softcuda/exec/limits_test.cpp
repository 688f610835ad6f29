#include <algorithm>
#include <ctime>

#include <gmock/gmock.h>

#include "harness/softcuda/exec/order.h"
#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// No program hangs the host, nor takes its memory without bound: each limit ends a load or a launch in
/// words.
namespace softcuda::testing {
namespace {

using exec::LaunchError;
using ::testing::HasSubstr;

tl::expected<void, exec::LaunchFailure> launched(const exec::Image& image, exec::Dim3 grid,
                                                 exec::Dim3 block) {
  const std::vector<std::byte> parameters(8);
  return machine().launch(*image.kernel("k"), grid, block, 0, parameters);
}
const std::string kModuleHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

/// f0 calls f1 twice, f1 calls f2 twice ...: 2^40 copies of the last one.
TEST(Limits, CallsThatWouldBeCopiedWithoutEnd) {
  std::string text = kModuleHead;
  for (int k = 40; k >= 0; --k) {
    const std::string call = k == 40 ? "" : "call f" + std::to_string(k + 1) + "; ";
    text += ".func f" + std::to_string(k) + "()\n{ " + call + call + "ret; }\n";
  }
  const auto why =
      refused(text + ".visible .entry k() { call f0; ret; }\n.visible .entry other() { call f0; ret; }\n");
  ASSERT_EQ(why.size(), 2u);  // a kernel
  EXPECT_THAT(why[0], HasSubstr("make the module longer by more than 500000 instructions"));
  EXPECT_THAT(why[1], HasSubstr("in kernel `other`"));
}

TEST(Limits, WrongInstructionsOfACopiedFunctionAreToldOnce) {
  const auto why =
      refused(kModuleHead + ".func f() { frobnicate; ret; }\n.visible .entry k() { call f; call f; ret; }");
  ASSERT_EQ(why.size(), 1u);
  EXPECT_THAT(why[0], HasSubstr("frobnicate"));
}

/// Found by properties/fuzz/: each took another list's index for a label's.
TEST(Limits, BranchesGoToLabelsOnly) {
  for (const char* wrong : {"bra %tid.x;", "bra %nothing;", "bra %r1;", "bra 7;", "bra f;",
                            "brx.idx %r1, HERE;", "brx.idx %r1, %r1;", "brx.idx %r1, f;"}) {
    const auto why = refused(kModuleHead + ".func f() { ret; }\n.visible .entry k() { .reg .b32 %r<4>;\n" +
                             wrong + "\nHERE: ret; }");
    ASSERT_EQ(why.size(), 1u) << wrong;
    EXPECT_THAT(why[0], HasSubstr("m.ptx:6: ")) << wrong;
  }
}

/// 40,000 registers that are all live through 20,000 blocks, and 20,000 loops one behind another: sets of
/// registers for each block would take 100 MB, arrays of blocks for each loop minutes.
TEST(Limits, ManyBlocksAndRegistersLoadInTheirTime) {
  constexpr int kRegisters = 20'000, kLoops = 20'000;
  std::string body = ".reg .b32 %many<" + std::to_string(kRegisters) + ">;\n";
  for (int k = 0; k < kLoops; ++k) {
    const std::string n = std::to_string(k);
    body += "L" + n + ": add.u32 %many" + n + ", %r1, " + n + "; setp.eq.u32 %p1, %many" + n +
            ", 1; @%p1 bra L" + n + ";\n";
  }
  for (int k = 0; k < kRegisters; ++k) body += "add.u32 %r1, %r1, %many" + std::to_string(k) + ";\n";
  const std::clock_t before = std::clock();
  EXPECT_TRUE(refused(kernel_text(body + "ret;")).empty());
#ifdef __SANITIZE_THREAD__
  constexpr double kSeconds = 200;  // of a program that it makes ten times slower
#else
  constexpr double kSeconds = 20;
#endif
  EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, kSeconds);
}

/// Each block of a chain of loops comes before the next loop's.
TEST(Limits, OrderOfManyLoopsIsThatOfTheProgram) {
  constexpr int kBlocks = 200'000;
  exec::Graph graph(kBlocks);
  for (int k = 0; k < kBlocks; ++k) {
    graph[static_cast<std::size_t>(k)].push_back(k % 2 == 1 ? k - 1 : k + 1);
    if (k % 2 == 1 && k + 1 < kBlocks) graph[static_cast<std::size_t>(k)].push_back(k + 1);
  }
  const std::vector<int> order = exec::rank_order(graph);
  ASSERT_EQ(order.size(), static_cast<std::size_t>(kBlocks));
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Limits, ThreadsOfMaxntidBeyondAnIntAreThoseOfABlock) {
  const auto image =
      loaded(kModuleHead + ".visible .entry k() .maxntid 2147483647, 2147483647, 2147483647 { ret; }\n" +
             ".visible .entry odd() .maxntid 65536, 65536, 1 { ret; }\n.visible .entry few() .maxntid 8, 4, "
             "2 { ret; }\n");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->kernel("k")->max_threads, 1024u);
  EXPECT_EQ(image->kernel("odd")->max_threads, 1024u);
  EXPECT_EQ(image->kernel("few")->max_threads, 64u);
}

TEST(Limits, LocalMemory) {
  const auto image = loaded(kernel_text(".local .align 8 .b8 frame[1000000]; ret;"));
  ASSERT_TRUE(image);
  const WithSettings limited([](auto& s) { s.local_limit = 64'000'000; });
  EXPECT_TRUE(launched(*image, {4, 1, 1}, {32, 1, 1}));
  machine().reset_reports();
  const auto done = launched(*image, {1, 1, 1}, {96, 1, 1});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().refused, LaunchError::too_much_local);
  EXPECT_EQ(
      done.error().fault.what,
      "kernel `k` wants 96000000 bytes of local memory for a block (1000000 a thread), and local-limit is "
      "64000000");
  ASSERT_EQ(machine().reports().size(), 1u);
  EXPECT_EQ(machine().reports()[0].what, done.error().fault.what);
  machine().reset_reports();
}

TEST(Limits, ShadowMemory) {
  const auto image = loaded(kernel_text("ret;"));
  ASSERT_TRUE(image);
  const OnDevice<std::uint8_t> million(std::vector<std::uint8_t>(1'000'000));
  const WithSettings limited([](auto& s) {
    s.shadow_limit = 1'000'000;
    s.checks = {true, true, true, false};
  });
  const auto done = launched(*image, {1, 1, 1}, {32, 1, 1});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().refused, LaunchError::too_much_shadow);
  EXPECT_THAT(done.error().fault.what, HasSubstr("of global memory, and shadow-limit is 1000000"));
  machine().reset_reports();
  const WithSettings none([](auto& s) { s.checks = {false, false, true, false}; });
  EXPECT_TRUE(launched(*image, {1, 1, 1}, {32, 1, 1}));
}

/// Found by properties/fuzz/: an arrival at a barrier made the limit's fault undone, and so each turn's.
TEST(Limits, InstructionsOfALoopOfBarriers) {
  const auto image = loaded(kernel_text("AGAIN: bar.sync 0; bra AGAIN;"));
  ASSERT_TRUE(image);
  const WithSettings limited([](auto& s) { s.instruction_limit = 10'000; });
  const auto done = launched(*image, {1, 1, 1}, {64, 1, 1});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault.kind, check::FaultKind::instruction_limit);
  machine().reset_reports();
}

/// 64 blocks of 32 threads that say 1,000 bytes each: the first MiB is told, for any number of host threads.
TEST(Limits, WhatALaunchPrints) {
  std::string letters;
  for (int k = 0; k < 1000; ++k) letters += "97, ";
  const auto image = loaded(
      kernel_text("cvta.global.u64 %rd5, text; { .param .b64 f; .param .b64 a; .param .b32 r;\n"
                  "st.param.b64 [f], %rd5; st.param.b64 [a], 0; call.uni (r), vprintf, (f, a); }\nret;",
                  ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);\n"
                  ".global .align 1 .b8 text[1001] = {" +
                      letters + "0};\n"));
  ASSERT_TRUE(image);
  for (const unsigned threads : {1u, 4u}) {
    const WithSettings set([&](auto& s) { s.threads = threads; });
    std::string said;
    machine().set_printer([&](const std::string& text) { said += text; });
    EXPECT_TRUE(launched(*image, {64, 1, 1}, {32, 1, 1}));
    machine().set_printer({});
    EXPECT_EQ(said, std::string(std::size_t{1} << 20, 'a') +
                        "\n[softcuda: what a launch prints beyond 1048576 bytes is lost]\n");
  }
}

/// 2^31 blocks of one instruction: counted by instructions alone it would take hours.
TEST(Limits, BlocksThatDoNothingCountAgainstTheInstructionLimit) {
  const auto image = loaded(kernel_text("ret;"));
  ASSERT_TRUE(image);
  const WithSettings limited([](auto& s) { s.instruction_limit = 1'000'000; });
  EXPECT_TRUE(launched(*image, {9'000, 1, 1}, {32, 1, 1}));
  const auto done = launched(*image, {0x7fffffff, 65535, 65535}, {32, 1, 1});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault.kind, check::FaultKind::instruction_limit);
  machine().reset_reports();
}

}  // namespace
}  // namespace softcuda::testing
