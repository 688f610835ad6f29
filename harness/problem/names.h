#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "harness/problem/layout.h"
#include "harness/problem/problem.h"

namespace flashdiff {

/// Every value of an enumeration that a case line or an option can name, in the order of its declaration.
template <class Enum>
inline constexpr std::array<Enum, 0> all_of{};
template <>
inline constexpr std::array all_of<DType>{DType::f32, DType::f16, DType::bf16};
template <>
inline constexpr std::array all_of<MaskKind>{MaskKind::none, MaskKind::causal_top_left,
                                             MaskKind::causal_bottom_right, MaskKind::window};
template <>
inline constexpr std::array all_of<DataFamily>{
    DataFamily::normal,  DataFamily::uniform,       DataFamily::equal,  DataFamily::huge,
    DataFamily::tiny,    DataFamily::very_negative, DataFamily::rising, DataFamily::falling,
    DataFamily::one_hot, DataFamily::alternating,   DataFamily::file};
template <>
inline constexpr std::array all_of<Pass>{Pass::forward, Pass::backward, Pass::append};
template <>
inline constexpr std::array all_of<RopeForm>{RopeForm::half, RopeForm::interleaved};
template <>
inline constexpr std::array all_of<Padding>{Padding::left, Padding::right, Padding::both, Padding::packed};
template <>
inline constexpr std::array all_of<Order>{Order::bshd, Order::bhsd};
template <>
inline constexpr std::array all_of<Poison>{Poison::nan, Poison::inf, Poison::huge, Poison::dirty};
template <>
inline constexpr std::array all_of<After>{After::nothing, After::itself, After::another};

/// The value whose name_of() is `name`.
template <class Enum>
[[nodiscard]] std::optional<Enum> named(std::string_view name) {
  for (Enum value : all_of<Enum>)
    if (name == name_of(value)) return value;
  return std::nullopt;
}

/// "left, right, both or packed": what an error message expected.
template <class Enum>
[[nodiscard]] std::string names_of() {
  std::string text;
  const auto& all = all_of<Enum>;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) text += i + 1 == all.size() ? " or " : ", ";
    text += name_of(all[i]);
  }
  return text;
}

}  // namespace flashdiff
