#include "harness/softcuda/exec/survey.h"

#include <memory>

#include "harness/softcuda/exec/decoder.h"
#include "harness/softcuda/exec/flatten.h"

namespace softcuda::exec {

std::vector<KernelSurvey> survey(const ptx::Module& module) {
  const auto shared = std::make_shared<const ptx::Module>(module);
  GlobalAddresses globals;  // any will do: nothing is going to be at them
  for (const ptx::Variable& variable : module.variables) {
    if (variable.space == ptx::Space::global || variable.space == ptx::Space::constant)
      globals[variable.name] = std::uint64_t{1} << 40;
  }
  std::vector<KernelSurvey> kernels;
  int copies_left = kMostCopies;
  for (const ptx::Function& function : module.functions) {
    if (!function.is_entry || function.is_declared_only) continue;
    KernelSurvey& one = kernels.emplace_back();
    one.name = function.name;
    one.instructions = function.body.size();
    auto decoded = decode_kernel(shared, function, globals, copies_left);
    if (decoded) {
      one.instructions = decoded->program->origins.size();
      one.parameter_bytes = decoded->program->parameter_bytes;
      one.static_shared_bytes = decoded->program->static_shared_bytes;
      one.local_bytes = decoded->program->local_bytes;
      one.registers = decoded->registers;
    } else {
      one.missing = std::move(decoded.error());
    }
  }
  return kernels;
}

}  // namespace softcuda::exec
