#include "harness/softcuda/ptx/module.h"

#include <algorithm>
#include <array>

namespace softcuda::ptx {
namespace {

struct TypeRow {
  Type type;
  const char* name;
  int bits;
};
constexpr std::array kTypes{
    TypeRow{Type::none, "none", 0},      TypeRow{Type::pred, "pred", 1},    TypeRow{Type::b8, "b8", 8},
    TypeRow{Type::b16, "b16", 16},       TypeRow{Type::b32, "b32", 32},     TypeRow{Type::b64, "b64", 64},
    TypeRow{Type::b128, "b128", 128},    TypeRow{Type::u8, "u8", 8},        TypeRow{Type::u16, "u16", 16},
    TypeRow{Type::u32, "u32", 32},       TypeRow{Type::u64, "u64", 64},     TypeRow{Type::s8, "s8", 8},
    TypeRow{Type::s16, "s16", 16},       TypeRow{Type::s32, "s32", 32},     TypeRow{Type::s64, "s64", 64},
    TypeRow{Type::f16, "f16", 16},       TypeRow{Type::f16x2, "f16x2", 32}, TypeRow{Type::bf16, "bf16", 16},
    TypeRow{Type::bf16x2, "bf16x2", 32}, TypeRow{Type::tf32, "tf32", 32},   TypeRow{Type::f32, "f32", 32},
    TypeRow{Type::f64, "f64", 64}};

/// A name of up to 8 characters as one number: decoding asks for types by name, several an instruction.
constexpr std::uint64_t packed(std::string_view name) {
  std::uint64_t number = 0;
  for (const char c : name) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}
constexpr auto kPackedTypes = [] {
  std::array<std::uint64_t, kTypes.size()> made{};
  for (std::size_t i = 0; i < kTypes.size(); ++i) made[i] = packed(kTypes[i].name);
  return made;
}();

constexpr std::array kSpaces{"generic", "reg", "const", "global", "local", "param", "shared"};

}  // namespace

int bits_of(Type type) { return kTypes[static_cast<std::size_t>(type)].bits; }
const char* name_of(Type type) { return kTypes[static_cast<std::size_t>(type)].name; }
const char* name_of(Space space) { return kSpaces[static_cast<std::size_t>(space)]; }

Type type_named(std::string_view name) {
  if (name.size() > sizeof(std::uint64_t)) return Type::none;
  const auto found = std::find(kPackedTypes.begin(), kPackedTypes.end(), packed(name));
  return found == kPackedTypes.end() ? Type::none
                                     : kTypes[static_cast<std::size_t>(found - kPackedTypes.begin())].type;
}

Space space_named(std::string_view name) {
  for (std::size_t i = 1; i < kSpaces.size(); ++i)
    if (name == kSpaces[i]) return static_cast<Space>(i);
  return Space::generic;
}

}  // namespace softcuda::ptx
