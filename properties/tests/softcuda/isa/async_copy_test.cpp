#include <numeric>

#include "properties/tests/softcuda/exec/on_machine.h"

/// cp.async and mbarrier: data, groups, zero fill, late delivery, arrival on copies.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

/// `k(out)`: 4 words a thread at out + 16 * tid; `body` works between %rd1 (that address), %r1 (tid) and %r2
/// (a shared address of the thread's own 16 bytes).
std::string kernel(const std::string& body) {
  return R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 out) {
.reg .pred %p<8>; .reg .b32 %r<24>; .reg .b64 %rd<16>;
.shared .align 16 .b8 tile[1024];
.shared .align 8 .b64 bar;
ld.param.u64 %rd1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 16; add.u64 %rd1, %rd1, %rd2;
mov.u32 %r2, tile; shl.b32 %r3, %r1, 4; add.u32 %r2, %r2, %r3;
)" + body +
         "\nret;\n}\n";
}
const std::string kBack =
    "ld.shared.v4.u32 {%r10, %r11, %r12, %r13}, [%r2]; st.global.v4.u32 [%rd1], {%r10, %r11, %r12, %r13};";

std::vector<u32> counted(std::size_t n) {
  std::vector<u32> values(n);
  std::iota(values.begin(), values.end(), 100u);
  return values;
}

TEST(AsyncCopy, DataAreThereAfterTheWait) {
  for (const bool late : {false, true}) {
    const WithSettings some([&](auto& s) { s.modes.late_copies = late; });
    for (const char* wait : {"cp.async.commit_group; cp.async.wait_group 0;", "cp.async.wait_all;"}) {
      const auto text = kernel("cp.async.cg.shared.global.L2::128B [%r2], [%rd1], 16;" + std::string(wait) +
                               "st.global.u32 [%rd1], %r1;" + kBack);
      EXPECT_EQ(run_kernel<u32>(text, counted(256), 1, 64), counted(256)) << late << wait;
    }
  }
}

TEST(AsyncCopy, FourAndEightBytesAndOffsets) {
  const auto text = kernel(
      "mov.u32 %r20, 0; st.shared.v4.u32 [%r2], {%r20, %r20, %r20, %r20};"
      "cp.async.ca.shared.global [%r2+4], [%rd1+8], 4; cp.async.ca.shared.global [%r2+8], [%rd1], 8;"
      "cp.async.commit_group; cp.async.wait_group 0;" +
      kBack);
  EXPECT_EQ(run_kernel<u32>(text, {1, 2, 3, 4}, 1, 1), (std::vector<u32>{0, 3, 1, 2}));
}

/// "src-size ... the remaining bytes are filled with zeros"; nothing is read where it is 0, so that the
/// address need not be a good one.
TEST(AsyncCopy, FillsWithZeros) {
  const auto text = kernel(
      "mov.u32 %r20, 0; mov.u64 %rd5, 16; cp.async.cg.shared.global [%r2], [%rd5], 16, %r20;"
      "cp.async.wait_all;" +
      kBack);
  EXPECT_EQ(run_kernel<u32>(text, {1, 2, 3, 4}, 1, 1), (std::vector<u32>{0, 0, 0, 0}));
  const auto part = kernel("cp.async.cg.shared.global [%r2], [%rd1], 16, 0xa; cp.async.wait_all;" + kBack);
  EXPECT_EQ(run_kernel<u32>(part, {1, 2, 0x00030003, 4}, 1, 1), (std::vector<u32>{1, 2, 3, 0}));
}

/// Late copies: what is read before the wait is poison, and only the groups that are waited for arrive.
TEST(AsyncCopy, LateDeliveryHidesWhatWasNotWaitedFor) {
  const WithSettings late([](auto& s) { s.modes.late_copies = true; });
  const auto at_once = kernel("cp.async.cg.shared.global [%r2], [%rd1], 16; cp.async.commit_group;" + kBack);
  EXPECT_EQ(run_kernel<u32>(at_once, {1, 2, 3, 4}, 1, 1), std::vector<u32>(4, 0xffffffffu));
  const auto one_of_two = kernel(
      "cp.async.ca.shared.global [%r2], [%rd1], 8; cp.async.commit_group;"
      "cp.async.ca.shared.global [%r2+8], [%rd1+8], 8; cp.async.commit_group; cp.async.wait_group 1;" +
      kBack);
  EXPECT_EQ(run_kernel<u32>(one_of_two, {1, 2, 3, 4}, 1, 1),
            (std::vector<u32>{1, 2, 0xffffffffu, 0xffffffffu}));
  const auto not_committed = kernel(
      "cp.async.ca.shared.global [%r2], [%rd1], 8; cp.async.commit_group;"
      "cp.async.ca.shared.global [%r2+8], [%rd1+8], 8; cp.async.wait_group 0;" +
      kBack);
  EXPECT_EQ(run_kernel<u32>(not_committed, {1, 2, 3, 4}, 1, 1),
            (std::vector<u32>{1, 2, 0xffffffffu, 0xffffffffu}));
}

TEST(AsyncCopy, FaultsNameTheBadSide) {
  check::Fault fault;
  run_kernel<u32>(kernel("cp.async.cg.shared.global [%r2], [%rd1+4096], 16;"), counted(16), 1, 4, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::out_of_bounds);
  EXPECT_NE(fault.what.find("read of 16 bytes"), std::string::npos) << fault.what;
  run_kernel<u32>(kernel("cp.async.cg.shared.global [%r2+4096], [%rd1], 16;"), counted(16), 1, 4, &fault);
  EXPECT_NE(fault.what.find("write of 16 bytes"), std::string::npos) << fault.what;
  EXPECT_NE(fault.report.find("cp.async.cg.shared.global"), std::string::npos) << fault.report;
  run_kernel<u32>(kernel("cp.async.ca.shared.global [%r2], [%rd1+4], 8;"), counted(16), 1, 4, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::misaligned);
  run_kernel<u32>(kernel("cp.async.cg.shared.global [%r2], [%rd1], 8;"), counted(16), 1, 4, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::illegal_operand);
}

/// 64 threads arrive, all wait by token or by parity, and read what their neighbour wrote.
TEST(Mbarrier, OrdersAsABarrierDoes) {
  for (const char* wait : {"mbarrier.test_wait.shared.b64 %p1, [bar], %rd8;",
                           "mbarrier.test_wait.parity.shared.b64 %p1, [bar], 0;"}) {
    const auto text = kernel(
        "setp.eq.u32 %p0, %r1, 0; @%p0 mbarrier.init.shared.b64 [bar], 64; bar.sync 0;"
        "mul.lo.u32 %r5, %r1, 7; st.shared.u32 [%r2], %r5;"
        "mbarrier.arrive.shared.b64 %rd8, [bar];\nWAIT: " +
        std::string(wait) +
        "@!%p1 bra WAIT; xor.b32 %r6, %r1, 33; shl.b32 %r6, %r6, 4; mov.u32 %r7, tile; add.u32 %r6, %r6, %r7;"
        "ld.shared.u32 %r8, [%r6]; st.global.u32 [%rd1], %r8;");
    const auto out = run_kernel<u32>(text, std::vector<u32>(256), 1, 64);
    for (u32 t = 0; t < 64; ++t) EXPECT_EQ(out[4 * t], (t ^ 33u) * 7) << wait;
  }
}

TEST(Mbarrier, PhasesAndCounts) {
  const auto text = kernel(
      "mbarrier.init.shared.b64 [bar], 2; mbarrier.arrive.shared.b64 %rd8, [bar];"
      "mbarrier.pending_count.b64 %r10, %rd8; mbarrier.test_wait.shared.b64 %p1, [bar], %rd8;"
      "selp.u32 %r11, 1, 0, %p1; mbarrier.arrive_drop.shared.b64 %rd9, [bar];"
      "mbarrier.test_wait.shared.b64 %p1, [bar], %rd8; selp.u32 %r12, 1, 0, %p1;"
      "mbarrier.arrive.shared.b64 %rd9, [bar]; mbarrier.test_wait.parity.shared.b64 %p1, [bar], 1;"
      "selp.u32 %r13, 1, 0, %p1; st.global.v4.u32 [%rd1], {%r10, %r11, %r12, %r13};");
  EXPECT_EQ(run_kernel<u32>(text, std::vector<u32>(4), 1, 1), (std::vector<u32>{2, 0, 1, 1}));
}

/// The barrier completes once the copies of all its threads are there, late or not.
TEST(Mbarrier, WaitsForCopies) {
  for (const bool late : {false, true}) {
    const WithSettings some([&](auto& s) { s.modes.late_copies = late; });
    for (const char* arrive :
         {"cp.async.mbarrier.arrive.noinc.shared.b64 [bar];",
          "cp.async.mbarrier.arrive.shared.b64 [bar]; mbarrier.arrive.shared.b64 %rd8, [bar];"}) {
      const auto text = kernel(
          "setp.eq.u32 %p0, %r1, 0; @%p0 mbarrier.init.shared.b64 [bar], 64; bar.sync 0;"
          "cp.async.cg.shared.global [%r2], [%rd1], 16;" +
          std::string(arrive) +
          "\nWAIT: mbarrier.test_wait.parity.shared.b64 %p1, [bar], 0; @!%p1 bra WAIT;"
          "xor.b32 %r6, %r3, 528; mov.u32 %r7, tile; add.u32 %r2, %r6, %r7;" +
          kBack);
      const auto out = run_kernel<u32>(text, counted(256), 1, 64);
      for (u32 t = 0; t < 64; ++t) EXPECT_EQ(out[4 * t], 100 + 4 * (t ^ 33u)) << arrive << late;
    }
  }
}

}  // namespace
}  // namespace softcuda::testing
