#include "harness/softcuda/count/kind.h"

namespace softcuda::count {
namespace {

constexpr std::array<const char*, kClasses> kClassNames{
    "integer",        "f32",           "f64",         "half",         "special_function", "conversion",
    "comparison",     "move",          "global_load", "global_store", "global_atomic",    "shared_load",
    "shared_store",   "shared_atomic", "local_load",  "local_store",  "generic_load",     "generic_store",
    "generic_atomic", "constant_load", "parameter",   "matrix",       "async_copy",       "async_wait",
    "tensor",         "warp",          "barrier",     "fence",        "control",          "other"};
constexpr std::array<const char*, kAccesses> kAccessNames{"load", "store", "atomic", "async_copy", "matrix"};
constexpr std::array<const char*, kFlops> kFlopNames{
    "f16", "bf16", "f32", "f64", "tensor_f16", "tensor_bf16", "tensor_tf32", "tensor_f64", "tensor_int"};
static_assert(kClassNames.back() != nullptr && kAccessNames.back() != nullptr &&
              kFlopNames.back() != nullptr);

}  // namespace

const char* name_of(Class of) { return kClassNames.at(static_cast<std::size_t>(of)); }
const char* name_of(Access of) { return kAccessNames.at(static_cast<std::size_t>(of)); }
const char* name_of(Flops of) { return kFlopNames.at(static_cast<std::size_t>(of)); }

}  // namespace softcuda::count
