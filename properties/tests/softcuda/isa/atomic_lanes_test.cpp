#include <algorithm>

#include "properties/tests/softcuda/isa/one_instruction.h"
#include "properties/tests/softcuda/isa/rounded_half.h"

/// Every operation and type of atom and red, a place for each lane: the old value returned and the new one
/// left behind, against the same operation on numbers; by global, shared and generic addresses.
namespace softcuda::testing {
namespace {

using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

enum class Where { global, shared, generic_global, generic_shared };
constexpr Where kEverywhere[] = {Where::global, Where::shared, Where::generic_global, Where::generic_shared};
bool is_shared(Where where) { return where == Where::shared || where == Where::generic_shared; }

template <class T>
struct Operands {
  std::vector<T> place, b, c;
};
template <class T>
struct Outcome {
  std::vector<T> old, now;
};

/// `op` (".add.u32") once a thread on a place of its own; `operands`: what stands behind the address.
template <class T>
Outcome<T> run_atomics(const std::string& op, const Operands<T>& in, const std::string& operands,
                       bool returns, Where where) {
  const std::string size = std::to_string(sizeof(T)), bits = ".b" + width<T>();
  const std::string r = sizeof(T) == 2 ? "%h" : sizeof(T) == 4 ? "%r1" : "%d1";
  const auto at = [&](const std::string& array, const std::string& into) {
    return "ld.param.u64 " + into + ", [" + array + "]; add.u64 " + into + ", " + into + ", %d0;\n";
  };
  const std::string space = where == Where::global ? ".global" : where == Where::shared ? ".shared" : "";
  const std::string text =
      ".version 8.0\n.target sm_80\n.address_size 64\n"
      ".visible .entry k(.param .u64 place, .param .u64 b, .param .u64 c, .param .u64 old, .param .u32 n) {\n"
      ".reg .pred %p<4>; .reg .b16 %h<16>; .reg .b32 %r<32>; .reg .b64 %d<32>;\n"
      ".shared .align 8 .b8 places[2048];\n"
      "mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x; mad.lo.u32 %r0, %r1, %r2, %r3;\n"
      "ld.param.u32 %r4, [n]; setp.ge.u32 %p0, %r0, %r4; @%p0 ret;\nmul.wide.u32 %d0, %r0, " +
      size + ";\n" + at("place", "%d1") + at("b", "%d2") + at("c", "%d3") + at("old", "%d4") + "ld.global" +
      bits + " " + r + "2, [%d2]; ld.global" + bits + " " + r + "3, [%d3];\n" +
      (is_shared(where) ? "mul.lo.u32 %r5, %r3, 8; mov.u32 %r6, places; add.u32 %r5, %r5, %r6; ld.global" +
                              bits + " " + r + "4, [%d1]; st.shared" + bits + " [%r5], " + r + "4;\n"
                        : "") +
      (where == Where::generic_shared ? "cvt.u64.u32 %d5, %r5; cvta.shared.u64 %d5, %d5;\n" : "") +
      (returns ? "atom" : "red") + space + op + " " + (returns ? r + "5, " : "") +
      (where == Where::shared           ? "[%r5]"
       : where == Where::generic_shared ? "[%d5]"
                                        : "[%d1]") +
      operands + ";\n" + (returns ? "st.global" + bits + " [%d4], " + r + "5;\n" : "") +
      (is_shared(where)
           ? "ld.shared" + bits + " " + r + "4, [%r5]; st.global" + bits + " [%d1], " + r + "4;\n"
           : "") +
      "ret;\n}\n";
  const auto image = loaded(text);
  if (!image) return {};
  const OnDevice<T> place(in.place), b(in.b), c(in.c), old(std::vector<T>(in.place.size()));
  const auto count = static_cast<u32>(in.place.size());
  const auto done =
      machine().launch(*image->kernel("k"), {(count + 255) / 256, 1, 1}, {256, 1, 1}, 0,
                       parameters(place.address(), b.address(), c.address(), old.address(), count));
  if (!done) ADD_FAILURE() << op << ": " << done.error().fault.report;
  return {old.values(), place.values()};
}

/// `expected(old, b, c)` is what stays. Operands are compared as bits, T is unsigned.
template <class T, class F>
void expect_atomic(const std::string& op, const std::vector<T>& values, F expected, bool three = false) {
  Operands<T> in;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      in.place.push_back(values[i]);
      in.b.push_back(three && k % 2 == 0 ? values[i] : values[k]);  // half of the swaps happen
      in.c.push_back(values[(i + k) % values.size()]);
    }
  }
  const std::string r = sizeof(T) == 2 ? "%h" : sizeof(T) == 4 ? "%r1" : "%d1";
  const std::string operands = ", " + r + "2" + (three ? ", " + r + "3" : "");
  const bool has_red = op.find(".exch") != 0 && !three;
  for (const Where where : kEverywhere) {
    for (const bool returns : {true, false}) {
      if (!returns && !has_red) continue;
      const Outcome<T> got = run_atomics(op, in, operands, returns, where);
      ASSERT_EQ(got.now.size(), in.place.size()) << op;
      int shown = 0;
      for (std::size_t i = 0; i < in.place.size() && shown < 3; ++i) {
        const T wanted = expected(in.place[i], in.b[i], in.c[i], is_shared(where));
        if (got.now[i] == wanted && (!returns || got.old[i] == in.place[i])) continue;
        ++shown;
        ADD_FAILURE() << (returns ? "atom" : "red") << op << (is_shared(where) ? " in shared memory, " : ", ")
                      << std::hex << +in.place[i] << " with " << +in.b[i] << ": wanted " << +wanted
                      << ", got " << +got.now[i] << ", and of the old value " << +got.old[i];
      }
    }
  }
}

template <class T>
void expect_integers(const std::string& bits) {
  using S = std::make_signed_t<T>;
  const auto values = interesting<T>(4);
  const auto same = [](T x) { return static_cast<S>(x); };
  for (const std::string type : {".u", ".s"})
    expect_atomic<T>(".add" + type + bits, values, [](T a, T b, T, bool) { return static_cast<T>(a + b); });
  expect_atomic<T>(".min.u" + bits, values, [](T a, T b, T, bool) { return std::min(a, b); });
  expect_atomic<T>(".max.u" + bits, values, [](T a, T b, T, bool) { return std::max(a, b); });
  expect_atomic<T>(".min.s" + bits, values, [&](T a, T b, T, bool) { return same(a) < same(b) ? a : b; });
  expect_atomic<T>(".max.s" + bits, values, [&](T a, T b, T, bool) { return same(a) > same(b) ? a : b; });
  expect_atomic<T>(".and.b" + bits, values, [](T a, T b, T, bool) { return static_cast<T>(a & b); });
  expect_atomic<T>(".or.b" + bits, values, [](T a, T b, T, bool) { return static_cast<T>(a | b); });
  expect_atomic<T>(".xor.b" + bits, values, [](T a, T b, T, bool) { return static_cast<T>(a ^ b); });
  expect_atomic<T>(".exch.b" + bits, values, [](T, T b, T, bool) { return b; });
  const auto swapped = [](T a, T b, T c, bool) { return a == b ? c : a; };
  expect_atomic<T>(".cas.b" + bits, values, swapped, true);
}

TEST(AtomicLanes, Integers32) { expect_integers<u32>("32"); }
TEST(AtomicLanes, Integers64) { expect_integers<u64>("64"); }

TEST(AtomicLanes, CompareAndSwapOfHalfWords) {
  const auto swapped = [](u16 a, u16 b, u16 c, bool) { return a == b ? c : a; };
  expect_atomic<u16>(".cas.b16", interesting<u16>(4), swapped, true);
}

/// "inc: (old >= b) ? 0 : old + 1; dec: (old == 0 or old > b) ? b : old - 1".
TEST(AtomicLanes, Wrapping) {
  const auto values = interesting<u32>(4);
  expect_atomic<u32>(".inc.u32", values, [](u32 a, u32 b, u32, bool) { return a >= b ? 0 : a + 1; });
  expect_atomic<u32>(".dec.u32", values, [](u32 a, u32 b, u32, bool) { return a - 1 < b ? a - 1 : b; });
}

/// NaN is 0x7fffffff; subnormals are zeros in global memory, numbers in shared memory, whatever the address's
/// form.
TEST(AtomicLanes, SumsOfF32) {
  std::vector<u32> values;
  for (const float x : interesting<float>(8)) values.push_back(std::bit_cast<u32>(x));
  const auto flushed = [](float x) {
    return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
  };
  expect_atomic<u32>(".add.f32", values, [&](u32 a, u32 b, u32, bool shared) {
    float x = std::bit_cast<float>(a), y = std::bit_cast<float>(b);
    if (!shared) x = flushed(x), y = flushed(y);
    const float sum = shared ? x + y : flushed(x + y);
    return std::isnan(sum) ? 0x7fffffffu : std::bit_cast<u32>(sum);
  });
}

TEST(AtomicLanes, SumsOfF64) {
  std::vector<u64> values;
  for (const double x : interesting<double>(8)) values.push_back(std::bit_cast<u64>(x));
  expect_atomic<u64>(".add.f64", values, [](u64 a, u64 b, u64, bool) {
    const double sum = std::bit_cast<double>(a) + std::bit_cast<double>(b);
    return std::isnan(sum) ? 0x7fffffffffffffffu : std::bit_cast<u64>(sum);
  });
}

TEST(AtomicLanes, SumsOfHalves) {
  const std::vector<u16> halves{0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x3c01,
                                0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x0080, 0x3f80, 0x7f7f, 0x7f80,
                                0xff80, 0x7fc0, 0x5555, 0xaaaa, 0x1234, 0x9234, 0x6800, 0x4248};
  for (const bool bfloat : {false, true}) {
    const std::string type = bfloat ? "bf16" : "f16";
    const auto sum = [&](u16 a, u16 b) { return rounded(value(a, bfloat) + value(b, bfloat), bfloat); };
    expect_atomic<u16>(".add.noftz." + type, halves, [&](u16 a, u16 b, u16, bool) { return sum(a, b); });
    std::vector<u32> pairs;
    for (std::size_t k = 0; k < halves.size(); ++k)
      pairs.push_back(u32{halves[k]} << 16 | halves[(7 * k + 3) % halves.size()]);
    expect_atomic<u32>(".add.noftz." + type + "x2", pairs, [&](u32 a, u32 b, u32, bool) {
      return u32{sum(static_cast<u16>(a >> 16), static_cast<u16>(b >> 16))} << 16 |
             sum(static_cast<u16>(a), static_cast<u16>(b));
    });
  }
}

}  // namespace
}  // namespace softcuda::testing
