#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "properties/tests/softcuda/exec/on_machine.h"

/// Runs one PTX instruction on arrays of operands, through parser, decoder and machine, by both of its
/// handlers: unguarded (all lanes), and under a guard that leaves half of the lanes out.
namespace softcuda::testing {

/// .ftz: a subnormal is 0 of its sign.
inline float flush(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

template <class T>
std::string width() {
  return std::to_string(8 * sizeof(T));
}
/// The register that holds operand `name`: a letter for its width, so that names never clash.
template <class T>
std::string reg(const std::string& name) {
  if (std::is_same_v<T, bool>) return "%p" + name;
  return (sizeof(T) == 2 ? "%h" : sizeof(T) == 4 ? "%r" : "%d") + name;
}

/// `instruction` on every tuple of operands: "fma.rn.f32" on a, b, c. bool stands for a predicate. `tail` is
/// put behind the operands: ", 5". The results of guarded lanes must be the same, and those of lanes left out
/// what was there before.
template <class R, class... A>
std::vector<R> run_each(const std::string& instruction, const std::vector<std::tuple<A...>>& inputs,
                        const std::string& tail = "") {
  using Stored = std::conditional_t<std::is_same_v<R, bool>, std::uint32_t, R>;
  std::string loads, list, parameter_list;
  int k = 0;
  const auto load = [&]<class T>() {
    const std::string n = std::to_string(k++);
    using M = std::conditional_t<std::is_same_v<T, bool>, std::uint32_t, T>;
    parameter_list += ".param .u64 in" + n + ", ";
    loads += "ld.param.u64 %d20, [in" + n + "]; mul.wide.u32 %d21, %r20, " + std::to_string(sizeof(M)) +
             "; add.u64 %d20, %d20, %d21;\n";
    loads += "ld.global.b" + width<M>() + " " + reg<M>(n) + ", [%d20];\n";
    if (std::is_same_v<T, bool>) loads += "setp.ne.u32 %p" + n + ", %r" + n + ", 0;\n";
    list += ", " + reg<T>(n);
  };
  (load.template operator()<A>(), ...);
  const std::string result = reg<R>("9");
  const std::string clear = std::is_same_v<R, bool> ? "setp.ne.u32 %p9, %r20, %r20;"
                                                    : "mov.b" + width<Stored>() + " " + result + ", 7;";
  const std::string keep = std::is_same_v<R, bool> ? "selp.u32 %r9, 1, 0, %p9;" : "";
  const std::string bytes = std::to_string(sizeof(Stored));
  const std::string store = keep + "add.u64 %d22, %d22, %d23; st.global.b" + width<Stored>() + " [%d22], " +
                            reg<Stored>("9") + ";\n";
  const std::string body = instruction + " " + result + list + tail + ";\n";
  const std::string text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(" + parameter_list +
      ".param .u64 out, .param .u64 masked, .param .u32 n) {\n.reg .pred %p<24>; .reg .b16 %h<24>; .reg .b32 "
      "%r<24>; .reg .b64 %d<24>;\n"
      "mov.u32 %r21, %ctaid.x; mov.u32 %r22, %ntid.x; mov.u32 %r23, %tid.x; mad.lo.u32 %r20, %r21, %r22, "
      "%r23;\n"
      "ld.param.u32 %r21, [n]; setp.ge.u32 %p20, %r20, %r21; @%p20 ret;\nmul.wide.u32 %d23, %r20, " +
      bytes + ";\n" + loads + "ld.param.u64 %d22, [out];\n" + body + store + clear +
      "and.b32 %r22, %r20, 1; setp.eq.u32 %p21, %r22, 1;\n"
      "ld.param.u64 %d22, [masked];\n@%p21 " +
      body + store + "ret;\n}\n";
  const auto image = loaded(text);
  if (!image) return {};

  const std::size_t count = inputs.size();
  const auto column = [&]<std::size_t kAt>(std::integral_constant<std::size_t, kAt>) {
    using T = std::tuple_element_t<kAt, std::tuple<A...>>;
    std::vector<std::conditional_t<std::is_same_v<T, bool>, std::uint32_t, T>> values;
    for (const auto& input : inputs) values.push_back(std::get<kAt>(input));
    return values;
  };
  return [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
    const std::tuple<OnDevice<std::conditional_t<std::is_same_v<A, bool>, std::uint32_t, A>>...> in(
        column(std::integral_constant<std::size_t, kAt>{})...);
    const OnDevice<Stored> out{std::vector<Stored>(count)}, masked{std::vector<Stored>(count)};
    const auto bytes_in = parameters(std::get<kAt>(in).address()..., out.address(), masked.address(),
                                     static_cast<std::uint32_t>(count));
    const auto done =
        machine().launch(*image->kernel("k"), {static_cast<std::uint32_t>((count + 255) / 256), 1, 1},
                         {256, 1, 1}, 0, bytes_in);
    if (!done) ADD_FAILURE() << done.error().fault.report << exec::name_of(done.error().refused);
    const auto full = out.values(), half = masked.values();
    std::size_t differ = 0;
    for (std::size_t i = 0; i < count; ++i) {
      Stored untouched{};
      if constexpr (!std::is_same_v<R, bool>) std::memcpy(&untouched, "\7\0\0\0\0\0\0\0", sizeof untouched);
      const Stored wanted = i % 2 == 1 ? full[i] : untouched;
      if (std::memcmp(&wanted, &half[i], sizeof wanted) != 0) ++differ;
    }
    EXPECT_EQ(differ, 0u) << instruction << ": the handlers for all and for some lanes differ";
    return std::vector<R>(full.begin(), full.end());
  }
  (std::index_sequence_for<A...>{});
}

/// Runs the instruction on the inputs and compares bits with `expected(a, b, ...)`.
template <class R, class... A, class F>
void expect_each(const std::string& instruction, const std::vector<std::tuple<A...>>& inputs, F expected,
                 const std::string& tail = "") {
  const std::vector<R> got = run_each<R>(instruction, inputs, tail);
  ASSERT_EQ(got.size(), inputs.size());
  int shown = 0;
  for (std::size_t i = 0; i < inputs.size() && shown < 3; ++i) {
    const R wanted = std::apply(expected, inputs[i]);
    const R have = got[i];
    if (std::memcmp(&wanted, &have, sizeof(R)) == 0) continue;
    ++shown;
    std::string operands;
    std::apply([&](auto... x) { ((operands += " " + ::testing::PrintToString(x)), ...); }, inputs[i]);
    ADD_FAILURE() << instruction << operands << ": wanted " << ::testing::PrintToString(wanted) << ", got "
                  << ::testing::PrintToString(have);
  }
}

/// Values where instructions go wrong, and random ones.
template <class T>
std::vector<T> interesting(int random = 24) {
  std::mt19937_64 engine(42);
  std::vector<T> values;
  if constexpr (std::is_same_v<T, float>) {
    for (const std::uint32_t bits :
         {0u,          0x80000000u, 1u,          0x80000001u, 0x007fffffu, 0x807fffffu, 0x00800000u,
          0x80800000u, 0x3f800000u, 0xbf800000u, 0x3f7fffffu, 0x3f800001u, 0x7f7fffffu, 0xff7fffffu,
          0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffc00001u, 0x7f800001u, 0x40490fdbu, 0x4b000000u,
          0x4b000001u, 0x4f000000u, 0xcf000000u, 0x5f000000u, 0x3effffffu, 0x3f000000u, 0x7e800001u}) {
      values.push_back(std::bit_cast<float>(bits));
    }
    for (int k = 0; k < random; ++k)
      values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(engine())));
  } else if constexpr (std::is_same_v<T, double>) {
    for (const double x : {0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.0, -1.0, 1.5, 0.1, 1e308,
                           1.7976931348623157e308, 4294967296.0, 1e19, -1e19}) {
      values.push_back(x);
    }
    values.push_back(std::numeric_limits<double>::infinity());
    values.push_back(-std::numeric_limits<double>::infinity());
    values.push_back(std::numeric_limits<double>::quiet_NaN());
    for (int k = 0; k < random; ++k) values.push_back(std::bit_cast<double>(engine()));
  } else {
    using L = std::numeric_limits<T>;
    for (const long long x : {0LL,  1LL,  2LL,  3LL,  -1LL, -2LL, 7LL,   8LL,   15LL,  16LL,
                              31LL, 32LL, 33LL, 63LL, 64LL, 65LL, 127LL, 128LL, 255LL, 256LL}) {
      values.push_back(static_cast<T>(x));
    }
    values.push_back(L::max());
    values.push_back(L::min());
    values.push_back(static_cast<T>(L::max() - 1));
    values.push_back(static_cast<T>(L::min() + 1));
    for (int k = 0; k < random; ++k) values.push_back(static_cast<T>(engine() >> (k % (8 * sizeof(T)))));
  }
  return values;
}

/// Every combination.
template <class... A>
std::vector<std::tuple<A...>> crossed(const std::vector<A>&... values) {
  std::vector<std::tuple<A...>> all;
  const std::size_t total = (values.size() * ... * 1);
  for (std::size_t i = 0; i < total; ++i) {
    std::size_t rest = i;
    const auto next = [&](const auto& from) {
      const auto& value = from[rest % from.size()];
      rest /= from.size();
      return value;
    };
    all.push_back(std::tuple<A...>{next(values)...});
  }
  return all;
}

}  // namespace softcuda::testing
