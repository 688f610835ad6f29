#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/exec/on_machine.h"

/// Every width, extension and vector, in every space, by uniform, contiguous and scattered addresses.
namespace softcuda::testing {
namespace {

using u32 = std::uint32_t;

std::vector<u32> words(std::size_t count) {
  std::vector<u32> values(count);
  for (std::size_t k = 0; k < count; ++k) values[k] = static_cast<u32>(0x9e3779b9u * (k + 1));
  return values;
}
/// Byte k of little-endian words.
u32 byte_of(const std::vector<u32>& values, std::size_t k) { return values[k / 4] >> (8 * (k % 4)) & 0xff; }

/// A lane's byte address in a 128-word array, as PTX into %r10, and here.
struct Place {
  std::string ptx;
  u32 (*at)(u32 lane);
};
const Place kPlaces[] = {
    {"mov.u32 %r10, 64;", [](u32) { return 64u; }},                 // uniform
    {"shl.b32 %r10, %r4, 4;", [](u32 lane) { return lane * 16; }},  // contiguous for v4.b32
    {"shl.b32 %r10, %r4, 2; add.u32 %r10, %r10, 16;", [](u32 lane) { return lane * 4 + 16; }},  // for b32
    {"xor.b32 %r10, %r4, 21; mul.lo.u32 %r10, %r10, 16;", [](u32 lane) { return (lane ^ 21) * 16; }},
};

struct Narrow {
  std::string type;
  int bytes;
  bool with_sign;
};
class Loads : public ::testing::TestWithParam<std::string> {};

/// The space's copy of the array at `out`, its base address in %rd10: the other spaces are filled from it.
std::string prepare(const std::string& space) {
  if (space == "global") return "mov.b64 %rd10, %rd2;";
  const std::string base = space == "shared" ? "mov.u64 %rd10, area;" : "mov.u64 %rd10, frame;";
  std::string text = base +
                     "mov.u32 %r11, 0;\ncopy: cvt.u64.u32 %rd11, %r11; add.s64 %rd12, %rd2, %rd11; "
                     "ld.global.u32 %r12, [%rd12];"
                     "add.s64 %rd12, %rd10, %rd11; st." +
                     space +
                     ".u32 [%rd12], %r12; add.u32 %r11, %r11, 4; setp.lt.u32 %p1, %r11, 512; @%p1 bra copy;";
  if (space == "shared") text += "bar.sync 0;";
  return text;
}
const std::string kAreas = ".shared .align 16 .b8 area[512];\n";
std::string with_frame(const std::string& body) { return ".local .align 16 .b8 frame[512];\n" + body; }

TEST_P(Loads, EveryTypeExtendsByItsSign) {
  const std::vector<u32> in = words(128);
  for (const Narrow& type : {Narrow{"u8", 1, false},
                             {"s8", 1, true},
                             {"u16", 2, false},
                             {"s16", 2, true},
                             {"b32", 4, false},
                             {"f32", 4, false}}) {
    for (const Place& place : kPlaces) {
      const auto got =
          run_kernel(kernel_text(with_frame(prepare(GetParam()) + place.ptx +
                                            "cvt.u64.u32 %rd11, %r10; add.s64 %rd10, %rd10, %rd11; ld." +
                                            GetParam() + "." + type.type +
                                            " %r13, [%rd10+4]; bar.sync 0; st.global.u32 [%rd1], %r13; ret;"),
                                 kAreas),
                     in);
      ASSERT_EQ(got.size(), in.size());
      for (u32 lane = 0; lane < 32; ++lane) {
        u32 wanted = 0;
        for (int k = 0; k < type.bytes; ++k)
          wanted |= byte_of(in, place.at(lane) + 4 + static_cast<u32>(k)) << (8 * k);
        const int idle = 32 - 8 * type.bytes;
        if (type.with_sign) wanted = static_cast<u32>(static_cast<std::int32_t>(wanted << idle) >> idle);
        ASSERT_EQ(got[lane], wanted) << type.type << " lane " << lane << " " << place.ptx;
      }
    }
  }
}

TEST_P(Loads, VectorsInOrder) {
  const std::vector<u32> in = words(128);
  for (const Place& place : kPlaces) {
    if (place.at(1) % 16 != 0) continue;
    const auto got = run_kernel(
        kernel_text(with_frame(prepare(GetParam()) + place.ptx +
                               "cvt.u64.u32 %rd11, %r10; add.s64 %rd10, %rd10, %rd11;"
                               "ld." +
                               GetParam() + ".v4.u32 {%r12, %r13, %r14, %r15}, [%rd10]; ld." + GetParam() +
                               ".v2.u16 {%h1, %h2}, [%rd10];"
                               "mov.b32 %r16, {%h1, %h2}; sub.u32 %r16, %r16, %r12; mad.lo.u32 %r12, %r13, "
                               "3, %r12; mad.lo.u32 %r12, %r14, 5, %r12;"
                               "mad.lo.u32 %r12, %r15, 7, %r12; add.u32 %r12, %r12, %r16; bar.sync 0; "
                               "st.global.u32 [%rd1], %r12; ret;"),
                    kAreas),
        in);
    ASSERT_EQ(got.size(), in.size());
    for (u32 lane = 0; lane < 32; ++lane) {
      const u32 w = place.at(lane) / 4;
      ASSERT_EQ(got[lane], in[w] + 3 * in[w + 1] + 5 * in[w + 2] + 7 * in[w + 3]) << lane;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Spaces, Loads, ::testing::Values("global", "shared", "local"));

TEST(Stores, NarrowAndVector) {
  const auto got = run_kernel(kernel_text("mul.wide.u32 %rd4, %r4, 16; add.s64 %rd5, %rd2, %rd4; mov.u32 "
                                          "%r5, 0x11223344; st.global.u8 [%rd5+1], %r5;"
                                          "cvt.u16.u32 %h1, %r4; st.global.u16 [%rd5+2], %h1; mov.u32 %r6, "
                                          "5; st.global.v2.u32 [%rd5+8], {%r4, %r6}; ret;"),
                              std::vector<u32>(128, 0xeeeeeeeeu));
  ASSERT_EQ(got.size(), 128u);
  for (u32 lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(got[4 * lane], (lane << 16) | 0x44eeu);
    EXPECT_EQ(got[4 * lane + 1], 0xeeeeeeeeu);
    EXPECT_EQ(got[4 * lane + 2], lane);
    EXPECT_EQ(got[4 * lane + 3], 5u);
  }
}

/// Contiguous addresses of a guarded store: only the guard's lanes may write.
TEST(Stores, GuardedLanesOnly) {
  const auto got = run_kernel(
      kernel_text(
          "setp.lt.u32 %p1, %r4, 11; @%p1 st.global.u32 [%rd1], %r4; @!%p1 st.global.u8 [%rd1+3], 9; ret;"),
      std::vector<u32>(32, 1));
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], lane < 11 ? lane : (9u << 24 | 1u)) << lane;
}

/// One generic load whose lanes are in three spaces.
TEST(Generic, LanesInDifferentSpaces) {
  const auto got = run_kernel(kernel_text(".local .align 4 .b8 mine[4];\n.reg .b64 %q<4>;\nst.shared.u32 "
                                          "[area], 77; st.local.u32 [mine], %r4; bar.sync 0;"
                                          "mov.u64 %q1, area; cvta.shared.u64 %q1, %q1; mov.u64 %q2, mine; "
                                          "cvta.local.u64 %q2, %q2; rem.u32 %r5, %r4, 3;"
                                          "setp.eq.u32 %p1, %r5, 0; setp.eq.u32 %p2, %r5, 1; selp.b64 %q3, "
                                          "%q1, %q2, %p1; selp.b64 %q3, %rd1, %q3, %p2;"
                                          "ld.u32 %r6, [%q3]; isspacep.shared %p3, %q3; selp.u32 %r7, 1000, "
                                          "0, %p3; add.u32 %r6, %r6, %r7; st.global.u32 [%rd1], %r6; ret;",
                                          kAreas),
                              std::vector<u32>(32, 5));
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane)
    EXPECT_EQ(got[lane], lane % 3 == 0 ? 1077u : lane % 3 == 1 ? 5u : lane) << lane;
}

TEST(Globals, InitialisersAndAddresses) {
  const std::string before =
      ".global .align 4 .u32 table[4] = {10, 20, 30, 40};\n.const .align 8 .u64 where = table;\n.global "
      ".align 4 .u32 clear[2];\n";
  const auto got = run_kernel(kernel_text("and.b32 %r5, %r4, 3; mul.wide.u32 %rd4, %r5, 4; ld.const.u64 "
                                          "%rd5, [where]; add.s64 %rd5, %rd5, %rd4;"
                                          "ld.global.u32 %r6, [%rd5]; ld.global.u32 %r7, [clear+4]; add.u32 "
                                          "%r6, %r6, %r7; st.global.u32 [%rd1], %r6; ret;",
                                          before),
                              std::vector<u32>(32, 0));
  ASSERT_EQ(got.size(), 32u);
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], 10 * (lane % 4 + 1)) << lane;
}

/// Policies and hints change nothing; what is destroyed must be there, whole lines of 128 bytes.
TEST(Hints, ChangeNothing) {
  const std::string policy = "createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %rd20, 0.5; ";
  const auto got =
      run_kernel(kernel_text(policy + "ld.global.L2::cache_hint.u32 %r5, [%rd1], %rd20; add.u32 %r5, %r5, 1; "
                                      "st.global.L1::evict_first.L2::cache_hint.u32 [%rd1], %r5, %rd20; "
                                      "atom.global.add.L2::cache_hint.u32 %r6, [%rd1], 2, %rd20; "
                                      "red.global.add.L2::cache_hint.u32 [%rd1], 4, %rd20; "
                                      "applypriority.global.L2::evict_normal [%rd2], 128; ret;"),
                 words(32));
  ASSERT_EQ(got.size(), 32u);
  for (std::size_t k = 0; k < 32; ++k) EXPECT_EQ(got[k], words(32)[k] + 7);
}
TEST(Hints, DiscardIsCheckedLikeAWrite) {
  check::Fault fault;
  run_kernel(kernel_text("discard.global.L2 [%rd2+128], 128; ret;"), words(32), 1, 32, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::out_of_bounds) << fault.report;
  run_kernel(kernel_text("discard.global.L2 [%rd2+64], 128; ret;"), words(64), 1, 32, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::misaligned) << fault.report;
  run_kernel(kernel_text("discard.global.L2 [%rd2], 64; ret;"), words(64), 1, 32, &fault);
  EXPECT_EQ(fault.kind, check::FaultKind::illegal_operand) << fault.report;
}

/// A constant bank is its initialiser, read like global memory and written by nobody.
TEST(Constants, HoldTheirInitialisers) {
  const std::string bank =
      ".const .align 8 .u32 table[8] = {3, 1, 4, 1, 5, 9};\n.const .align 8 .u64 where[1] = "
      "{generic(table)};\n";
  const auto got = run_kernel(
      kernel_text(
          "and.b32 %r5, %r1, 7; mul.wide.u32 %rd4, %r5, 4; mov.u64 %rd5, table; add.s64 %rd5, %rd5, %rd4; "
          "ld.const.u32 %r6, [%rd5]; ld.const.u32 %r7, [table+8]; ld.const.u64 %rd6, [where]; "
          "ld.u32 %r8, [%rd6+20]; shl.b32 %r7, %r7, 8; shl.b32 %r8, %r8, 16; add.u32 %r6, %r6, %r7; "
          "add.u32 %r6, %r6, %r8; st.global.u32 [%rd1], %r6; ret;",
          bank),
      std::vector<u32>(32));
  ASSERT_EQ(got.size(), 32u);
  const u32 wanted[8] = {3, 1, 4, 1, 5, 9, 0, 0};
  for (std::size_t k = 0; k < 32; ++k) EXPECT_EQ(got[k], wanted[k % 8] + (4u << 8) + (9u << 16)) << k;
}

}  // namespace
}  // namespace softcuda::testing
