#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/softcuda/isa/one_instruction.h"

/// Against arithmetic in 128 bits and two more.
namespace softcuda::testing {
namespace {

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;

template <class T>
class Carry : public ::testing::Test {};
using CarriedTypes = ::testing::Types<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(Carry, CarriedTypes);

template <class T>
std::string typed(std::string instruction) {
  return instruction + (std::is_signed_v<T> ? ".s" : ".u") + width<T>();
}

/// A lane's sum or difference with its flag: what the instruction gives, and what it leaves in CC.CF.
template <class T>
struct Result {
  T value;
  bool flag;
};

/// Each lane: operands a, b, c and the flag before from memory, the flag made by an `add.cc`, the instruction
/// (on all lanes, then on those with an odd number), the result and the flag after it, read by an `addc`, to
/// memory.
template <class T, class F>
void expect_flagged(const std::string& instruction, bool three, bool writes, F expected) {
  const std::string r = sizeof(T) == 4 ? "%r" : "%rd", bytes = std::to_string(sizeof(T));
  const auto op = [&](const std::string& name, const std::string& operands) {
    return typed<T>(name) + " " + operands + "; ";
  };
  const auto at = [&](int word) {
    return "[%rd9+" + std::to_string(word * static_cast<int>(sizeof(T))) + "]";
  };
  const auto load = [&](const std::string& to, int word) {
    return "ld.global.b" + width<T>() + " " + to + ", " + at(word) + "; ";
  };
  const auto store = [&](int word, const std::string& from) {
    return "st.global.b" + width<T>() + " " + at(word) + ", " + from + "; ";
  };
  const std::string body =
      op(instruction, r + "24, " + r + "20, " + r + "21" + (three ? ", " + r + "22" : ""));
  std::string text =
      "mul.wide.u32 %rd9, %r1, " + std::to_string(8 * sizeof(T)) + "; add.s64 %rd9, %rd9, %rd2; ";
  for (int k = 0; k < 4; ++k) text += load(r + std::to_string(20 + k), k);
  for (const bool guarded : {false, true}) {
    const int to = guarded ? 6 : 4;
    text += "mov.b" + width<T>() + " " + r + "24, 7; " + op("add.cc", r + "25, " + r + "23, -1") +
            (guarded ? "@%p9 " : "and.b32 %r9, %r1, 1; setp.eq.u32 %p9, %r9, 1; ") + body +
            op("addc", r + "26, 0, 0") + store(to, r + "24") + store(to + 1, r + "26");
  }
  const auto inputs = crossed(interesting<T>(2), interesting<T>(2), interesting<T>(0), std::vector<T>{0, 1});
  std::vector<T> memory;
  for (const auto& [a, b, c, flag] : inputs) memory.insert(memory.end(), {a, b, c, flag, 0, 0, 0, 0});
  const auto blocks = static_cast<std::uint32_t>(inputs.size() / 64);
  const auto got = run_kernel(kernel_text(text + "ret;"), memory, blocks, 64);
  ASSERT_EQ(got.size(), memory.size());
  int shown = 0;
  for (std::size_t i = 0; i < std::size_t{blocks} * 64 && shown < 3; ++i) {
    const auto& [a, b, c, flag] = inputs[i];
    Result<T> wanted = expected(a, b, c, flag != 0);
    if (!writes) wanted.flag = flag != 0;
    const T* have = &got[8 * i + 4];
    const bool left_out = i % 2 == 0;
    const bool good = have[0] == wanted.value && have[1] == static_cast<T>(wanted.flag) &&
                      have[2] == (left_out ? T{7} : wanted.value) &&
                      have[3] == (left_out ? flag : static_cast<T>(wanted.flag));
    if (good) continue;
    ++shown;
    ADD_FAILURE() << typed<T>(instruction) << " " << a << " " << b << " " << c << " flag " << flag
                  << ": wanted " << wanted.value << " " << wanted.flag << ", got " << have[0] << " "
                  << have[1] << ", guarded " << have[2] << " " << have[3];
  }
}

template <class T>
UnsignedWide plain(T x) {
  return static_cast<std::make_unsigned_t<T>>(x);
}
template <class T>
Result<T> told(UnsignedWide whole) {
  return {static_cast<T>(whole), (whole >> 8 * sizeof(T) & 1) != 0};
}

TYPED_TEST(Carry, SumsCarry) {
  using T = TypeParam;
  const auto sum = [](T a, T b, T, bool flag) { return told<T>(plain(a) + plain(b) + (flag ? 1 : 0)); };
  expect_flagged<T>("add.cc", false, true, [&](T a, T b, T c, bool) { return sum(a, b, c, false); });
  expect_flagged<T>("addc", false, false, sum);
  expect_flagged<T>("addc.cc", false, true, sum);
}

TYPED_TEST(Carry, DifferencesBorrow) {
  using T = TypeParam;
  const auto difference = [](T a, T b, T, bool flag) {
    return told<T>(plain(a) - plain(b) - (flag ? 1 : 0));
  };
  expect_flagged<T>("sub.cc", false, true, [&](T a, T b, T c, bool) { return difference(a, b, c, false); });
  expect_flagged<T>("subc", false, false, difference);
  expect_flagged<T>("subc.cc", false, true, difference);
}

TYPED_TEST(Carry, ProductsAreAddedWithCarry) {
  using T = TypeParam;
  for (const bool high : {false, true}) {
    const std::string half = high ? ".hi" : ".lo";
    const auto whole = [high](T a, T b, T c, bool flag) {
      T part;
      if constexpr (std::is_signed_v<T>) {
        const Wide product = static_cast<Wide>(a) * b;
        part = static_cast<T>(high ? product >> 8 * sizeof(T) : product);
      } else {
        const UnsignedWide product = static_cast<UnsignedWide>(a) * b;
        part = static_cast<T>(high ? product >> 8 * sizeof(T) : product);
      }
      return told<T>(plain(part) + plain(c) + (flag ? 1 : 0));
    };
    expect_flagged<T>("mad" + half + ".cc", true, true,
                      [&](T a, T b, T c, bool) { return whole(a, b, c, false); });
    expect_flagged<T>("madc" + half, true, false, whole);
    expect_flagged<T>("madc" + half + ".cc", true, true, whole);
  }
}

/// The flag outlives other instructions, and calls: there is one for the thread.
TEST(CarryFlag, IsTheThreads) {
  const auto got = run_kernel(
      kernel_text(
          "add.cc.u32 %r5, %r1, -16; call.uni next; addc.u32 %r6, 0, 0; st.global.u32 [%rd1], %r6; ret;",
          ".func next() { .reg .b32 %a<3>; mov.u32 %a1, 3; add.u32 %a2, %a1, %a1; ret; }\n"),
      std::vector<std::uint32_t>(32));
  ASSERT_EQ(got.size(), 32u);
  for (std::uint32_t k = 0; k < 32; ++k) EXPECT_EQ(got[k], k >= 16 ? 1u : 0u);
}

}  // namespace
}  // namespace softcuda::testing
