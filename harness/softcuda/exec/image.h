#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/softcuda/ptx/module.h"

namespace softcuda::exec {

class DeviceMemory;
struct Program;  // a kernel, decoded: exec/program.h

/// Why a module cannot be executed: one line each, `name:ptx_line: what, in kernel k`. All of the module's
/// reasons are collected, so that a user sees every unsupported instruction at once.
struct LoadError {
  std::vector<std::string> reasons;
};

struct KernelParameter {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

/// A kernel ready to launch. Lives as long as its Image.
struct Kernel {
  std::string name;
  std::vector<KernelParameter> parameters;
  std::uint32_t parameter_bytes = 0;
  std::uint32_t static_shared_bytes = 0;
  std::uint32_t local_bytes = 0;  ///< per thread
  std::uint32_t registers = 0;    ///< 32-bit registers a thread needs at once, as our allocation counts them
  std::uint32_t max_threads = 1024;               ///< from .maxntid / .reqntid
  std::array<std::uint32_t, 3> required_block{};  ///< .reqntid; zeros: any
  std::shared_ptr<const Program> program;
};

struct GlobalVariable {
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
};

/// A loaded module: kernels decoded, module variables placed in device memory. Immutable once loaded, except
/// for the memory behind its variables; freed with it. Must not outlive the Machine.
class Image {
 public:
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  [[nodiscard]] const std::vector<Kernel>& kernels() const { return kernels_; }
  [[nodiscard]] const std::vector<GlobalVariable>& variables() const { return variables_; }
  /// nullptr when there is none of that name.
  [[nodiscard]] const Kernel* kernel(std::string_view name) const;
  [[nodiscard]] const GlobalVariable* variable(std::string_view name) const;
  [[nodiscard]] const ptx::Module& module() const { return *module_; }

 private:
  friend class Loader;
  explicit Image(DeviceMemory& memory) : memory_(memory) {}
  DeviceMemory& memory_;
  std::shared_ptr<const ptx::Module> module_;
  std::vector<Kernel> kernels_;
  std::vector<GlobalVariable> variables_;
};

}  // namespace softcuda::exec
