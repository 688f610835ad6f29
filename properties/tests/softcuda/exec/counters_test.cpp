#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Exact figures, counted by hand.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

count::Counters counters_of(const std::string& body, u32 blocks, u32 threads,
                            const std::string& before = "") {
  machine().reset_counters();
  (void)run_kernel(kernel_text(body, before), std::vector<u32>(blocks * threads + 1, 0), blocks, threads);
  return machine().counters();
}
constexpr std::uint64_t kHead = 7;  // instructions of kernel_text's beginning

TEST(Counters, StraightCode) {
  const auto c = counters_of("add.u32 %r5, %r1, 1; st.global.u32 [%rd1], %r5; ret;", 3, 80);
  EXPECT_EQ(c.launches, 1u);
  EXPECT_EQ(c.warp_instructions, 3 * 3 * (kHead + 3));
  EXPECT_EQ(c.thread_instructions, 3 * 80 * (kHead + 3));
  EXPECT_EQ(c.global_requests, 9u);
  EXPECT_EQ(c.shared_requests, 0u);
  EXPECT_EQ(c.barriers, 0u);
}

TEST(Counters, GuardsCountWhetherTheyLetThroughOrNot) {
  const auto c = counters_of(
      "setp.eq.u32 %p1, %r4, 99; @%p1 st.global.u32 [%rd1], %r5; @!%p1 add.u32 %r5, %r5, 1; ret;", 1, 32);
  EXPECT_EQ(c.warp_instructions, kHead + 4);
  EXPECT_EQ(c.thread_instructions, 32 * (kHead + 4));
  EXPECT_EQ(c.global_requests, 0u);  // nobody stored
}

TEST(Counters, BothSidesOfABranch) {
  // setp, bra; 12 lanes: 1 add, bra; 20 lanes: 2 adds; together: st, ret
  const auto c = counters_of(
      "setp.lt.u32 %p1, %r4, 20; @%p1 bra other; add.u32 %r5, %r4, 1; bra done;\nother: add.u32 %r5, %r4, 2; "
      "add.u32 %r5, %r5, 2;\ndone: st.global.u32 [%rd1], %r5; ret;",
      1, 32);
  EXPECT_EQ(c.warp_instructions, kHead + 2 + 2 + 2 + 2);
  EXPECT_EQ(c.thread_instructions, 32 * (kHead + 2 + 2) + 12 * 2 + 20 * 2);
}

TEST(Counters, LoopsBarriersAndShared) {
  const auto c = counters_of(
      "mov.u32 %r5, 0;\nagain: st.shared.u32 [s], %r5; bar.sync 0; add.u32 %r5, %r5, 1; setp.lt.u32 %p1, "
      "%r5, 5; @%p1 bra again; ret;",
      2, 64, ".shared .align 4 .b8 s[4];\n");
  EXPECT_EQ(c.warp_instructions, 4 * (kHead + 1 + 5 * 5 + 1));
  EXPECT_EQ(c.barriers, 4 * 5u);
  EXPECT_EQ(c.shared_requests, 4 * 5u);
}

TEST(Counters, TheSameForAnyNumberOfThreads) {
  const auto image = compiled("torture");
  ASSERT_TRUE(image);
  std::vector<unsigned> in(5000);
  for (unsigned k = 0; k < 5000; ++k) in[k] = k * 2654435761u;
  const OnDevice<unsigned> input(in), output(std::vector<unsigned>(10000)), meet(std::vector<unsigned>(5000));
  std::vector<count::Counters> all;
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    const WithSettings some([&](auto& s) { s.threads = threads; });
    machine().reset_counters();
    for (const char* name : {"nested_loops", "irregular", "calls"}) {
      ASSERT_TRUE(machine().launch(*image->kernel(name), {40, 1, 1}, {128, 1, 1}, 0,
                                   parameters(input.address(), output.address(), meet.address(), 5000)));
    }
    all.push_back(machine().counters());
  }
  for (const auto& c : all) EXPECT_EQ(c, all.front());
  EXPECT_GT(all.front().warp_instructions, 0u);
}

}  // namespace
}  // namespace softcuda::testing
