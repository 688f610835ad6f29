#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Each wrong kernel of faults.cu must stop with a report that names what, where and who.
namespace softcuda::testing {
namespace {

using check::FaultKind;

std::string line_of(const std::string& mark) {
  std::ifstream file(std::string(FLASHDIFF_SOURCE_DIR) + "/properties/tests/softcuda/exec/faults.cu");
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (text.find("FAULT " + mark) != std::string::npos) return "faults.cu:" + std::to_string(line) + ",";
  }
  return "no such mark";
}

template <class... P>
check::Fault fault_of(const std::string& kernel, std::uint32_t blocks, std::uint32_t threads, P... p) {
  const auto image = compiled("faults");
  if (!image) return {};
  const auto done =
      machine().launch(*image->kernel(kernel), {blocks, 1, 1}, {threads, 1, 1}, 0, parameters(p...));
  if (done) {
    ADD_FAILURE() << kernel << " was not stopped";
    return {};
  }
  return done.error().fault;
}
void expect_in(const check::Fault& fault, const std::string& text) {
  EXPECT_NE(fault.report.find(text), std::string::npos) << "no `" << text << "` in:\n" << fault.report;
}

TEST(Memcheck, OneElementBehindTheEnd) {
  const OnDevice<float> x(std::vector<float>(100));
  const auto fault = fault_of("behind_the_end", 2, 64, x.address(), 100);
  EXPECT_EQ(fault.kind, FaultKind::out_of_bounds);
  EXPECT_EQ(check::code_of(fault.kind), check::Code::illegal_address);
  for (const std::string& text :
       {std::string("write of 4 bytes"), line_of("behind_the_end"),
        std::string("block (1,0,0), warp 1, lane 4, thread (36,0,0)"), std::string("400 bytes at"),
        std::string("the access starts 0 bytes behind its end"), std::string("st.global"),
        std::string("PTX line")}) {
    expect_in(fault, text);
  }
}

TEST(Memcheck, BeforeTheStart) {
  const OnDevice<float> x(std::vector<float>(100));
  const auto fault = fault_of("before_the_start", 1, 32, x.address(), 1);
  EXPECT_EQ(fault.kind, FaultKind::out_of_bounds);
  expect_in(fault, line_of("before_the_start"));
  expect_in(fault, "the access starts 4 bytes before it");
  expect_in(fault, "lane 0");
}

TEST(Memcheck, Misaligned) {
  const OnDevice<int> x(std::vector<int>(100));
  const auto fault = fault_of("misaligned", 1, 32, x.address(), 2);
  EXPECT_EQ(fault.kind, FaultKind::misaligned);
  EXPECT_EQ(check::code_of(fault.kind), check::Code::misaligned_address);
  expect_in(fault, line_of("misaligned"));
}

TEST(Memcheck, UseAfterFreeAndNull) {
  const OnDevice<float> y(std::vector<float>(32));
  const auto address = *machine().memory().allocate(256);
  ASSERT_TRUE(machine().memory().free(address));
  const auto freed = fault_of("reads", 1, 32, address, y.address(), 3);
  EXPECT_EQ(freed.kind, FaultKind::use_after_free);
  expect_in(freed, "it is 12 bytes into allocation");
  expect_in(freed, "which has been freed");
  expect_in(freed, line_of("reads"));
  const auto null = fault_of("reads", 1, 32, std::uint64_t{0}, y.address(), 3);
  EXPECT_EQ(null.kind, FaultKind::null_pointer);
}

TEST(Memcheck, SharedMemory) {
  const OnDevice<float> x(std::vector<float>(64));
  const auto fault = fault_of("shared_overrun", 1, 64, x.address(), 1);
  EXPECT_EQ(fault.kind, FaultKind::out_of_bounds);
  expect_in(fault, line_of("shared_overrun"));
  expect_in(fault, "in shared memory");
  expect_in(fault, "the block has 256 bytes of shared memory (256 static, 0 dynamic)");
  expect_in(fault, "thread (63,0,0)");
}

TEST(Memcheck, AnAddressOfAnotherSpace) {
  check::Fault fault;
  (void)run_kernel(kernel_text("mov.u64 %rd4, s; cvta.shared.u64 %rd4, %rd4; ld.global.u32 %r5, [%rd4]; ret;",
                               ".shared .align 4 .b8 s[8];\n"),
                   std::vector<int>(32), 1, 32, &fault);
  EXPECT_EQ(fault.kind, FaultKind::wrong_space);
}

TEST(Memcheck, LocalFrames) {
  check::Fault fault;
  (void)run_kernel(kernel_text(".local .align 4 .b8 f[8];\nmov.u64 %rd4, f; cvt.u64.u32 %rd5, %r4; add.s64 "
                               "%rd4, %rd4, %rd5; ld.local.u8 %r5, [%rd4]; ret;"),
                   std::vector<int>(32), 1, 32, &fault);
  EXPECT_EQ(fault.kind, FaultKind::out_of_bounds);  // frames are rounded up to 16 bytes
  expect_in(fault, "lane 16");
}

TEST(Limit, EndlessKernelsAreStopped) {
  const OnDevice<int> x(std::vector<int>(1));
  const WithSettings limited([](auto& s) { s.instruction_limit = 300'000; });
  const auto fault = fault_of("endless", 1, 32, x.address(), 1);
  EXPECT_EQ(fault.kind, FaultKind::instruction_limit);
  EXPECT_EQ(check::code_of(fault.kind), check::Code::launch_timeout);
  expect_in(fault, "warp 0, lanes 0xffffffff: runs at");
  expect_in(fault, "faults.cu:");
}

TEST(Deadlock, ABarrierThatNobodyElseComesTo) {
  const OnDevice<int> x(std::vector<int>(64));
  const auto fault = fault_of("lonely_barrier", 1, 64, x.address(), 1);
  EXPECT_EQ(fault.kind, FaultKind::deadlock);
  expect_in(fault, "warp 0: finished");
  expect_in(fault, "warp 1, lanes 0xffffffff: waits at barrier 1");
  expect_in(fault, line_of("lonely_barrier"));
}

TEST(Trap, NamesItsThread) {
  const OnDevice<int> x(std::vector<int>(256));
  const auto fault = fault_of("stops", 4, 64, x.address(), 1);
  EXPECT_EQ(fault.kind, FaultKind::trap);
  expect_in(fault, "block (2,0,0), warp 1, lane 5, thread (37,0,0)");
}

/// The first faulting block is named, for any number of host threads.
TEST(Faults, AreTheSameForAnyNumberOfThreads) {
  const OnDevice<float> x(std::vector<float>(1000));
  for (const unsigned threads : {1u, 2u, 5u}) {
    const WithSettings some([&](auto& s) { s.threads = threads; });
    const auto fault = fault_of("behind_the_end", 60, 64, x.address(), 100000);
    expect_in(fault, "block (15,0,0), warp 1, lane 8");
  }
}

}  // namespace
}  // namespace softcuda::testing
