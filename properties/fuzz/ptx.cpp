#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/softcuda/exec/machine.h"
#include "harness/softcuda/exec/survey.h"
#include "harness/softcuda/isa/table.h"
#include "harness/softcuda/ptx/parser.h"

/// libFuzzer target: any PTX text is parsed, surveyed, loaded and run, or refused in a sentence; it neither
/// crashes nor hangs.
namespace softcuda::fuzz {
namespace {

exec::Machine& machine() {
  static exec::Machine one(std::uint64_t{16} << 20);
  return one;
}

/// Three launches of a kernel, of two blocks with a partial warp each: as it is, and under every detector,
/// with blocks one after the other and with blocks that may meet (grid.sync). All parameters are null.
void launch(const exec::Kernel& kernel) {
  const std::vector<std::byte> parameters(kernel.parameter_bytes);
  const auto& required = kernel.required_block;
  exec::Dim3 block{33, 1, 1};
  if (required[0] != 0) block = {required[0], required[1], required[2]};
  for (const bool detectors : {false, true}) {
    exec::Settings settings;
    settings.threads = 1;
    settings.instruction_limit = 10'000;
    settings.checks = {detectors, detectors, detectors, false, detectors};
    settings.modes.late_copies = detectors;
    settings.modes.perturbed = detectors;
    machine().set(settings);
    (void)machine().launch(kernel, {2, 1, 1}, block, 64, parameters);
    if (detectors)
      (void)machine().launch(kernel, {2, 1, 1}, block, 64, parameters, exec::LaunchKind::cooperative);
    machine().reset_reports();
  }
}

}  // namespace
}  // namespace softcuda::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fuzz = softcuda::fuzz;
  auto module = softcuda::ptx::parse({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!module) return 0;
  (void)softcuda::isa::supported(*module);
  (void)softcuda::exec::survey(*module);
  const auto image = fuzz::machine().load(std::move(*module));
  if (!image) return 0;
  for (const softcuda::exec::Kernel& kernel : (*image)->kernels()) fuzz::launch(kernel);
  return 0;
}
