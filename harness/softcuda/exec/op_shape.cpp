#include "harness/softcuda/exec/op_shape.h"

#include <string_view>
#include <unordered_map>

namespace softcuda::exec {

Rule rule_of(const isa::Form& form) {
  static const std::unordered_map<std::string_view, Rule> kByOpcode{
      {"bra", Rule::branch},
      {"brx", Rule::branch},
      {"selp", Rule::select},
      {"mov", Rule::concatenate},
      {"or", Rule::either},
      {"xor", Rule::halfwise},
      {"not", Rule::halfwise},
      {"and", Rule::mask},
      {"shl", Rule::shift_left},
      {"shr", Rule::shift_right},
      {"prmt", Rule::permute},
      {"ld", Rule::load},
      {"ldu", Rule::load},
      {"st", Rule::store},
      {"atom", Rule::update},
      {"red", Rule::update},
      {"shfl", Rule::shuffle},
      {"vote", Rule::spread},
      {"match", Rule::spread},
      {"redux", Rule::spread},
      {"mma", Rule::matrix},
      {"ldmatrix", Rule::gather},
      {"prefetch", Rule::nothing},
      {"prefetchu", Rule::nothing},
      {"applypriority", Rule::nothing},
      {"discard", Rule::nothing},
      {"createpolicy", Rule::nothing},
      {"activemask", Rule::plain},
  };
  const std::string_view opcode = form.opcode();
  if (const auto found = kByOpcode.find(opcode); found != kByOpcode.end()) return found->second;
  if (opcode == "wmma")
    return form.has("load") ? Rule::gather : form.has("store") ? Rule::store : Rule::matrix;
  if (opcode == "cvt") {
    const bool integers = ptx::name_of(form.type())[0] != 'f' && ptx::name_of(form.type(1))[0] != 'f' &&
                          ptx::name_of(form.type())[0] != 'b' && ptx::name_of(form.type(1))[0] != 'b';
    return integers && ptx::bits_of(form.type()) < ptx::bits_of(form.type(1)) && !form.has("sat")
               ? Rule::narrow
               : Rule::plain;
  }
  const ptx::Type type = form.type();
  const bool packed = type == ptx::Type::f16x2 || type == ptx::Type::bf16x2;
  if (packed && opcode != "setp" && opcode != "set" && opcode != "cvt") return Rule::halfwise;
  return Rule::plain;
}

}  // namespace softcuda::exec
