#pragma once
#include <memory>

#include <tl/expected.hpp>

#include "harness/softcuda/exec/image.h"

namespace softcuda::exec {

/// Decodes a module's kernels and places its variables; what Machine::load does.
[[nodiscard]] tl::expected<std::unique_ptr<Image>, LoadError> load_image(ptx::Module module,
                                                                         DeviceMemory& memory);

}  // namespace softcuda::exec
