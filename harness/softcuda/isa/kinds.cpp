#include "harness/softcuda/isa/kinds.h"

#include <optional>
#include <string_view>
#include <unordered_map>

#include <fmt/core.h>

#include "harness/softcuda/isa/pattern.h"

namespace softcuda::isa {
namespace {

using count::Class;
using count::Flops;
using count::Kind;
using ptx::Type;

/// Opcodes whose class does not depend on their type.
const std::unordered_map<std::string_view, Class> kByOpcode{
    {"ex2", Class::special_function},
    {"lg2", Class::special_function},
    {"sin", Class::special_function},
    {"cos", Class::special_function},
    {"tanh", Class::special_function},
    {"rcp", Class::special_function},
    {"sqrt", Class::special_function},
    {"rsqrt", Class::special_function},

    {"cvt", Class::conversion},
    {"setp", Class::comparison},
    {"set", Class::comparison},
    {"selp", Class::comparison},
    {"slct", Class::comparison},
    {"testp", Class::comparison},
    {"mov", Class::move},
    {"cvta", Class::move},
    {"isspacep", Class::move},

    {"ldmatrix", Class::matrix},
    {"stmatrix", Class::matrix},
    {"movmatrix", Class::matrix},
    {"mma", Class::tensor},
    {"shfl", Class::warp},
    {"vote", Class::warp},
    {"match", Class::warp},
    {"redux", Class::warp},
    {"activemask", Class::warp},
    {"elect", Class::warp},
    {"bar", Class::barrier},
    {"barrier", Class::barrier},
    {"mbarrier", Class::barrier},
    {"membar", Class::fence},
    {"fence", Class::fence},

    {"bra", Class::control},
    {"brx", Class::control},
    {"call", Class::control},
    {"ret", Class::control},
    {"exit", Class::control},
    {"trap", Class::control},
    {"brkpt", Class::control},
    {"nanosleep", Class::control},
    {"prefetch", Class::other},
    {"prefetchu", Class::other},
    {"pmevent", Class::other},
};

Class by_type(Type type) {
  switch (type) {
    case Type::f16:
    case Type::f16x2:
    case Type::bf16:
    case Type::bf16x2: return Class::half;
    case Type::f32: return Class::f32;
    case Type::f64: return Class::f64;
    case Type::pred: return Class::comparison;
    case Type::none: return Class::other;
    default: return Class::integer;
  }
}

/// Loads, stores and atomics, which lie in this order a space.
Class memory_class(const Form& form, ptx::Space space, count::Access access) {
  const auto from = [&](Class load) {
    return static_cast<Class>(static_cast<int>(load) + static_cast<int>(access));
  };
  static_assert(static_cast<int>(Class::global_atomic) - static_cast<int>(Class::global_load) ==
                static_cast<int>(count::Access::atomic));
  // A variable of a call's is a lane's own memory here, and named as a parameter.
  if (form.space() == ptx::Space::param) return Class::parameter;
  if (form.space() == ptx::Space::constant) return Class::constant_load;  // a global variable to us
  switch (space) {
    case ptx::Space::global: return from(Class::global_load);
    case ptx::Space::shared: return from(Class::shared_load);
    case ptx::Space::local: return from(Class::local_load);
    case ptx::Space::constant: return Class::constant_load;
    case ptx::Space::param: return Class::parameter;
    default: return from(Class::generic_load);
  }
}

/// "m16n8k16" -> 2 M N K.
std::optional<std::uint32_t> flops_of_shape(std::string_view shape) {
  std::uint32_t sizes[3] = {};
  constexpr std::string_view kLetters = "mnk";
  for (std::size_t k = 0; k < 3; ++k) {
    if (shape.empty() || shape.front() != kLetters[k]) return std::nullopt;
    shape.remove_prefix(1);
    while (!shape.empty() && shape.front() >= '0' && shape.front() <= '9') {
      sizes[k] = 10 * sizes[k] + static_cast<std::uint32_t>(shape.front() - '0');
      shape.remove_prefix(1);
    }
  }
  return 2 * sizes[0] * sizes[1] * sizes[2];
}

/// mma and wmma.mma: D's type and A's, which wmma does not write where it is f16.
Kind tensor_kind(const Form& form) {
  Kind kind;
  kind.of = Class::tensor;
  const bool written = form.type(2) != Type::none;
  const Type operands = written ? form.type(1) : Type::f16;
  switch (operands) {
    case Type::f16: kind.type = Flops::tensor_f16; break;
    case Type::bf16: kind.type = Flops::tensor_bf16; break;
    case Type::tf32: kind.type = Flops::tensor_tf32; break;
    case Type::f64: kind.type = Flops::tensor_f64; break;
    default: kind.type = Flops::tensor_int; break;
  }
  for (const Slot& slot : form.pattern().slots()) {
    for (const std::string& choice : slot.choices) {
      if (const auto flops = flops_of_shape(choice); flops && form.has(choice)) {
        kind.flops_a_warp = *flops;
        kind.tensor = fmt::format("{}.{}.{}.{}", form.opcode(), choice, ptx::name_of(form.type(0)),
                                  ptx::name_of(operands));
      }
    }
  }
  return kind;
}

/// Operations a lane of add, sub, mul, fma and mad on floating-point numbers.
void count_flops(const Form& form, Kind& kind) {
  const std::string_view opcode = form.opcode();
  const bool fused = opcode == "fma" || opcode == "mad";
  if (!fused && opcode != "add" && opcode != "sub" && opcode != "mul") return;
  const std::uint32_t each = fused ? 2 : 1;
  switch (form.type()) {
    case Type::f16:
    case Type::f16x2: kind.type = Flops::f16; break;
    case Type::bf16:
    case Type::bf16x2: kind.type = Flops::bf16; break;
    case Type::f32: kind.type = Flops::f32; break;
    case Type::f64: kind.type = Flops::f64; break;
    default: return;
  }
  const bool pair = form.type() == Type::f16x2 || form.type() == Type::bf16x2;
  kind.flops_a_lane = pair ? 2 * each : each;
}

}  // namespace

Kind kind_of(const Form& form) {
  const std::string_view opcode = form.opcode();
  Kind kind;
  if (opcode == "mma" || (opcode == "wmma" && form.has("mma"))) return tensor_kind(form);
  if (opcode == "ld" || opcode == "ldu") {
    kind.access = count::Access::load;
    kind.of = memory_class(form, form.address_space, kind.access);
  } else if (opcode == "st") {
    kind.access = count::Access::store;
    kind.of = memory_class(form, form.address_space, kind.access);
  } else if (opcode == "atom" || opcode == "red") {
    kind.access = count::Access::atomic;
    kind.of = memory_class(form, form.address_space, kind.access);
  } else if (opcode == "ldmatrix" || opcode == "stmatrix" || opcode == "wmma") {
    kind.access = count::Access::matrix;
    kind.of = Class::matrix;
  } else if (opcode == "cp") {
    const bool waits =
        form.has("commit_group") || form.has("wait_group") || form.has("wait_all") || form.has("mbarrier");
    kind.access = count::Access::async_copy;
    kind.of = waits ? Class::async_wait : Class::async_copy;
  } else if (opcode == "mbarrier") {
    kind.access = count::Access::atomic;
    kind.of = Class::barrier;
  } else if (opcode == "div") {
    kind.of = form.type() == Type::f32 ? Class::special_function : by_type(form.type());
  } else if (const auto found = kByOpcode.find(opcode); found != kByOpcode.end()) {
    kind.of = found->second;
  } else {
    kind.of = by_type(form.type());
    count_flops(form, kind);
  }
  return kind;
}

}  // namespace softcuda::isa
