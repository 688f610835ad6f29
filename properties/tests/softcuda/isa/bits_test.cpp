#include <algorithm>

#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/isa/one_instruction.h"

/// Against the definitions, bit by bit.
namespace softcuda::testing {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;

const auto kWords = interesting<u32>();
const auto kLongs = interesting<u64>();

int bit(u64 x, int k) { return k < 64 ? static_cast<int>(x >> k & 1) : 0; }

TEST(Bits, Logic) {
  expect_each<u32>("and.b32", crossed(kWords, kWords), [](u32 a, u32 b) { return a & b; });
  expect_each<u64>("or.b64", crossed(kLongs, kLongs), [](u64 a, u64 b) { return a | b; });
  expect_each<u16>("xor.b16", crossed(interesting<u16>(), interesting<u16>()),
                   [](u16 a, u16 b) { return static_cast<u16>(a ^ b); });
  expect_each<u32>("not.b32", crossed(kWords), [](u32 a) { return ~a; });
  expect_each<u32>("cnot.b32", crossed(kWords), [](u32 a) { return a == 0 ? 1u : 0u; });
}

TEST(Bits, LogicOfPredicates) {
  const std::vector<bool> both{false, true};
  const std::vector<std::tuple<bool, bool>> inputs{
      {false, false}, {false, true}, {true, false}, {true, true}, {true, true}};
  expect_each<bool>("and.pred", inputs, [](bool a, bool b) { return a && b; });
  expect_each<bool>("or.pred", inputs, [](bool a, bool b) { return a || b; });
  expect_each<bool>("xor.pred", inputs, [](bool a, bool b) { return a != b; });
}

TEST(Bits, Lop3IsItsTable) {
  for (const int table : {0x00, 0xff, 0x80, 0xfe, 0x96, 0x40, 0xea, 0xca, 0x1b}) {
    expect_each<u32>(
        "lop3.b32", crossed(interesting<u32>(4), interesting<u32>(4), interesting<u32>(4)),
        [table](u32 a, u32 b, u32 c) {
          u32 r = 0;
          for (int k = 0; k < 32; ++k)
            r |= static_cast<u32>(table >> (bit(a, k) * 4 + bit(b, k) * 2 + bit(c, k)) & 1) << k;
          return r;
        },
        ", " + std::to_string(table));
  }
}

TEST(Bits, ShiftsClamp) {
  expect_each<u32>("shl.b32", crossed(kWords, kWords), [](u32 a, u32 b) { return b > 31 ? 0 : a << b; });
  expect_each<u32>("shr.u32", crossed(kWords, kWords), [](u32 a, u32 b) { return b > 31 ? 0 : a >> b; });
  expect_each<i32>("shr.s32", crossed(interesting<i32>(), kWords),
                   [](i32 a, u32 b) { return a >> std::min(b, 31u); });
  expect_each<u64>("shl.b64", crossed(kLongs, kWords), [](u64 a, u32 b) { return b > 63 ? 0 : a << b; });
  expect_each<std::int64_t>("shr.s64", crossed(interesting<std::int64_t>(), kWords),
                            [](std::int64_t a, u32 b) { return a >> std::min(b, 63u); });
  expect_each<u16>("shr.u16", crossed(interesting<u16>(), kWords),
                   [](u16 a, u32 b) { return static_cast<u16>(b > 15 ? 0 : a >> b); });
}

TEST(Bits, FunnelShifts) {
  const auto inputs = crossed(interesting<u32>(4), interesting<u32>(4), kWords);
  const auto word = [](u32 a, u32 b) { return u64{b} << 32 | a; };
  expect_each<u32>("shf.l.wrap.b32", inputs,
                   [=](u32 a, u32 b, u32 c) { return static_cast<u32>(word(a, b) << (c & 31) >> 32); });
  expect_each<u32>("shf.r.wrap.b32", inputs,
                   [=](u32 a, u32 b, u32 c) { return static_cast<u32>(word(a, b) >> (c & 31)); });
  expect_each<u32>("shf.l.clamp.b32", inputs, [=](u32 a, u32 b, u32 c) {
    return c >= 32 ? a : static_cast<u32>(word(a, b) << c >> 32);
  });
  expect_each<u32>("shf.r.clamp.b32", inputs,
                   [=](u32 a, u32 b, u32 c) { return c >= 32 ? b : static_cast<u32>(word(a, b) >> c); });
}

TEST(Bits, CountsAndSearches) {
  const auto count = [](u64 x) {
    u32 n = 0;
    for (int k = 0; k < 64; ++k) n += static_cast<u32>(bit(x, k));
    return n;
  };
  const auto top = [](u64 x) {
    int k = 63;
    while (k >= 0 && bit(x, k) == 0) --k;
    return k;
  };
  expect_each<u32>("popc.b32", crossed(kWords), [=](u32 a) { return count(a); });
  expect_each<u32>("popc.b64", crossed(kLongs), [=](u64 a) { return count(a); });
  expect_each<u32>("clz.b32", crossed(kWords), [=](u32 a) { return static_cast<u32>(31 - top(a)); });
  expect_each<u32>("clz.b64", crossed(kLongs), [=](u64 a) { return static_cast<u32>(63 - top(a)); });
  expect_each<u32>("bfind.u32", crossed(kWords), [=](u32 a) { return static_cast<u32>(top(a)); });
  expect_each<u32>("bfind.shiftamt.u32", crossed(kWords),
                   [=](u32 a) { return a == 0 ? ~0u : static_cast<u32>(31 - top(a)); });
  expect_each<u32>("bfind.s32", crossed(interesting<i32>()),
                   [=](i32 a) { return static_cast<u32>(top(static_cast<u32>(a < 0 ? ~a : a))); });
  expect_each<u32>("brev.b32", crossed(kWords), [](u32 a) {
    u32 r = 0;
    for (int k = 0; k < 32; ++k) r |= static_cast<u32>(bit(a, k)) << (31 - k);
    return r;
  });
}

/// The pseudocode of "bfe" and "bfi".
TEST(Bits, FieldsAsInTheIsa) {
  const auto field = [](u64 a, u32 pos, u32 len, bool with_sign, int msb) {
    pos &= 0xff;
    len &= 0xff;
    const int sbit = !with_sign || len == 0
                         ? 0
                         : bit(a, static_cast<int>(std::min<u32>(pos + len - 1, static_cast<u32>(msb))));
    u64 d = 0;
    for (int i = 0; i <= msb; ++i) {
      const bool inside = static_cast<u32>(i) < len && static_cast<int>(pos) + i <= msb;
      d |= static_cast<u64>(inside ? bit(a, static_cast<int>(pos) + i) : sbit) << i;
    }
    return d;
  };
  const std::vector<u32> places{0, 1, 5, 8, 31, 32, 33, 63, 64, 100, 255, 256, 300};
  expect_each<u32>("bfe.u32", crossed(kWords, places, places),
                   [=](u32 a, u32 b, u32 c) { return static_cast<u32>(field(a, b, c, false, 31)); });
  expect_each<i32>("bfe.s32", crossed(interesting<i32>(), places, places), [=](i32 a, u32 b, u32 c) {
    return static_cast<i32>(field(static_cast<u32>(a), b, c, true, 31));
  });
  expect_each<u64>("bfe.u64", crossed(kLongs, places, places),
                   [=](u64 a, u32 b, u32 c) { return field(a, b, c, false, 63); });
  expect_each<u32>("bfi.b32", crossed(interesting<u32>(4), interesting<u32>(4), places, places),
                   [](u32 a, u32 b, u32 c, u32 d) {
                     const u32 pos = c & 0xff, len = d & 0xff;
                     u32 f = b;
                     for (u32 i = 0; i < len && pos + i <= 31; ++i)
                       f = (f & ~(1u << (pos + i))) | static_cast<u32>(bit(a, static_cast<int>(i)))
                                                          << (pos + i);
                     return f;
                   });
}

TEST(Bits, PrmtPicksBytes) {
  const std::vector<u32> selectors{0x3210, 0x7654, 0x5410, 0x7632,     0x0123,
                                   0xba98, 0x8f0e, 0x4444, 0xffff0000, 0x1054};
  expect_each<u32>("prmt.b32", crossed(interesting<u32>(8), interesting<u32>(8), selectors),
                   [](u32 a, u32 b, u32 c) {
                     u32 r = 0;
                     for (int k = 0; k < 4; ++k) {
                       const u32 s = c >> (4 * k) & 15;
                       u32 byte = static_cast<u32>((u64{b} << 32 | a) >> (8 * (s & 7)) & 0xff);
                       if ((s & 8) != 0) byte = (byte & 0x80) != 0 ? 0xff : 0;
                       r |= byte << (8 * k);
                     }
                     return r;
                   });
  // The rows of the ISA's table for the named modes, selector 1.
  const auto by = [](u32 a, u32 b, int b3, int b2, int b1, int b0) {
    u32 r = 0;
    for (const int s : {b3, b2, b1, b0}) r = r << 8 | static_cast<u32>((u64{b} << 32 | a) >> (8 * s) & 0xff);
    return r;
  };
  const auto inputs = crossed(interesting<u32>(8), interesting<u32>(8), std::vector<u32>{1});
  expect_each<u32>("prmt.b32.f4e", inputs, [=](u32 a, u32 b, u32) { return by(a, b, 4, 3, 2, 1); });
  expect_each<u32>("prmt.b32.b4e", inputs, [=](u32 a, u32 b, u32) { return by(a, b, 6, 7, 0, 1); });
  expect_each<u32>("prmt.b32.rc8", inputs, [=](u32 a, u32 b, u32) { return by(a, b, 1, 1, 1, 1); });
  expect_each<u32>("prmt.b32.ecl", inputs, [=](u32 a, u32 b, u32) { return by(a, b, 3, 2, 1, 1); });
  expect_each<u32>("prmt.b32.ecr", inputs, [=](u32 a, u32 b, u32) { return by(a, b, 1, 1, 1, 0); });
  expect_each<u32>("prmt.b32.rc16", inputs, [=](u32 a, u32 b, u32) { return by(a, b, 3, 2, 3, 2); });
}

TEST(Bits, DotProducts) {
  const auto inputs = crossed(interesting<u32>(8), interesting<u32>(8), interesting<u32>(2));
  expect_each<u32>("dp4a.s32.u32", inputs, [](u32 a, u32 b, u32 c) {
    for (int k = 0; k < 4; ++k)
      c += static_cast<u32>(static_cast<std::int8_t>(a >> (8 * k)) *
                            static_cast<int>(static_cast<std::uint8_t>(b >> (8 * k))));
    return c;
  });
  expect_each<u32>("dp2a.hi.s32.s32", inputs, [](u32 a, u32 b, u32 c) {
    for (int k = 0; k < 2; ++k)
      c += static_cast<u32>(static_cast<std::int16_t>(a >> (16 * k)) *
                            static_cast<int>(static_cast<std::int8_t>(b >> (16 + 8 * k))));
    return c;
  });
}

/// The pseudocode of "fns", word by word.
TEST(Bits, FindsTheNthSetBit) {
  const std::vector<u32> masks{0, 1, 0x80000000u, 0xaaaaaaaau, 0xffffffffu, 0x00f0f00fu};
  const std::vector<u32> bases{0, 1, 4, 15, 16, 31};
  const std::vector<std::int32_t> offsets{0, 1, 2, 5, 16, 32, 33, -1, -2, -7, -32, -33};
  expect_each<u32>("fns.b32", crossed(masks, bases, offsets), [](u32 mask, u32 base, std::int32_t offset) {
    u32 d = 0xffffffffu;
    if (offset == 0) {
      if ((mask >> base & 1) == 1) d = base;
    } else {
      int pos = static_cast<int>(base), count = std::abs(offset) - 1;
      const int inc = offset > 0 ? 1 : -1;
      while (pos >= 0 && pos < 32) {
        if ((mask >> pos & 1) == 1) {
          if (count == 0) {
            d = static_cast<u32>(pos);
            break;
          }
          --count;
        }
        pos += inc;
      }
    }
    return d;
  });
}

/// d and, of each lane, whether it has a bit, joined with a predicate.
TEST(Bits, Lop3JoinsAPredicate) {
  for (const bool both : {false, true}) {
    const std::string name = both ? "and" : "or";
    const auto got = run_kernel(
        kernel_text(
            "and.b32 %r5, %r1, 3; shr.u32 %r6, %r1, 2; and.b32 %r7, %r1, 4; setp.ne.u32 %p2, %r7, 0; mov.u32 "
            "%r9, 99; setp.ne.u32 %p3, %r9, 99; lop3." +
            name +
            ".b32 %r8|%p3, %r5, %r6, 0, 0xc0, %p2; selp.u32 %r9, 256, 0, %p3; or.b32 %r8, %r8, %r9; "
            "st.global.u32 [%rd1], %r8; ret;"),
        std::vector<u32>(32));
    ASSERT_EQ(got.size(), 32u);
    for (u32 k = 0; k < 32; ++k) {
      const u32 value = (k & 3) & (k >> 2);
      const bool p = both ? value != 0 && (k & 4) != 0 : value != 0 || (k & 4) != 0;
      EXPECT_EQ(got[k], value | (p ? 256u : 0u)) << k;
    }
  }
}

}  // namespace
}  // namespace softcuda::testing
