#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/softcuda/ptx/module.h"

namespace softcuda::exec {

/// A kernel as it would be loaded.
struct KernelSurvey {
  std::string name;
  std::size_t instructions = 0;  ///< those of the functions that it calls included
  std::uint32_t parameter_bytes = 0, static_shared_bytes = 0, local_bytes = 0;
  std::uint32_t registers = 0;  ///< 32-bit registers a thread needs at once, as our allocation counts them
  /// Why it cannot be executed: "line: what". Empty: it can.
  std::vector<std::string> missing;
};

/// Decodes every kernel of a module without a machine to run it on: nothing is executed, no memory taken.
[[nodiscard]] std::vector<KernelSurvey> survey(const ptx::Module& module);

}  // namespace softcuda::exec
