#include "harness/softcuda/exec/loader.h"

#include <algorithm>
#include <cstring>

#include <fmt/core.h>

#include "harness/softcuda/exec/decoder.h"
#include "harness/softcuda/exec/device_memory.h"
#include "harness/softcuda/exec/flatten.h"
#include "harness/softcuda/exec/image.h"

namespace softcuda::exec {
namespace {

bool is_global(const ptx::Variable& variable) {
  return variable.space == ptx::Space::global || variable.space == ptx::Space::constant;
}

}  // namespace

Image::~Image() {
  for (const GlobalVariable& variable : variables_) (void)memory_.free(variable.address);
}
const Kernel* Image::kernel(std::string_view name) const {
  const auto found = std::ranges::find(kernels_, name, &Kernel::name);
  return found == kernels_.end() ? nullptr : &*found;
}
const GlobalVariable* Image::variable(std::string_view name) const {
  const auto found = std::ranges::find(variables_, name, &GlobalVariable::name);
  return found == variables_.end() ? nullptr : &*found;
}

/// Builds an Image; collects what is wrong.
class Loader {
 public:
  Loader(ptx::Module module, DeviceMemory& memory) : image_(new Image(memory)), memory_(memory) {
    image_->module_ = std::make_shared<const ptx::Module>(std::move(module));
  }

  tl::expected<std::unique_ptr<Image>, LoadError> load() {
    place_variables();
    if (error_.reasons.empty()) initialise_variables();
    for (const ptx::Function& function : image_->module_->functions) {
      if (function.is_entry && !function.is_declared_only) decode(function);
    }
    if (!error_.reasons.empty()) return tl::unexpected(std::move(error_));
    return std::move(image_);
  }

 private:
  void wrong(int line, const std::string& what) {
    error_.reasons.push_back(fmt::format("{}:{}: {}", image_->module_->name, line, what));
  }

  void place_variables() {
    for (const ptx::Variable& variable : image_->module_->variables) {
      if (!is_global(variable)) continue;
      if (variable.external) {
        wrong(variable.ptx_line,
              fmt::format("`{}` is external: modules are not linked with each other", variable.name));
        continue;
      }
      const auto address = memory_.allocate(std::max<std::uint64_t>(variable.bytes, 1),
                                            fmt::format("module variable `{}`", variable.name));
      if (!address) {
        wrong(variable.ptx_line,
              fmt::format("no memory for the {} bytes of `{}`", variable.bytes, variable.name));
        continue;
      }
      if (variable.space == ptx::Space::constant) memory_.make_constant(*address);
      image_->variables_.push_back({variable.name, *address, variable.bytes});
      addresses_[variable.name] = *address;
    }
  }

  void initialise_variables() {
    for (const ptx::Variable& variable : image_->module_->variables) {
      if (!is_global(variable) || variable.bytes == 0) continue;
      // "Variables in .global without initialiser are zero": no copy of what may be gigabytes.
      (void)memory_.fill(addresses_.at(variable.name), 0, 1, variable.bytes);
      if (variable.initial.empty() && variable.relocations.empty()) continue;
      std::vector<std::uint8_t> bytes = variable.initial;
      if (!variable.relocations.empty()) bytes.resize(variable.bytes, 0);
      for (const auto& relocation : variable.relocations) {
        const auto target = addresses_.find(relocation.symbol);
        if (target == addresses_.end() ||
            relocation.offset + static_cast<std::uint64_t>(relocation.size) > bytes.size()) {
          wrong(variable.ptx_line,
                fmt::format("the address of `{}` in the initialiser of `{}` is not supported",
                            relocation.symbol, variable.name));
          continue;
        }
        const std::uint64_t value = target->second + static_cast<std::uint64_t>(relocation.addend);
        std::memcpy(bytes.data() + relocation.offset, &value, static_cast<std::size_t>(relocation.size));
      }
      (void)memory_.copy_in(addresses_.at(variable.name), bytes.data(), bytes.size());
    }
  }

  void decode(const ptx::Function& function) {
    auto decoded = decode_kernel(image_->module_, function, addresses_, copies_left_);
    if (!decoded) {
      for (const std::string& reason : decoded.error()) {
        error_.reasons.push_back(
            fmt::format("{}:{}, in kernel `{}`", image_->module_->name, reason, function.name));
      }
      return;
    }
    Kernel kernel;
    kernel.name = function.name;
    for (const auto& [offset, bytes] : decoded->parameters) kernel.parameters.push_back({offset, bytes});
    kernel.parameter_bytes = decoded->program->parameter_bytes;
    kernel.static_shared_bytes = decoded->program->static_shared_bytes;
    kernel.local_bytes = decoded->program->local_bytes;
    kernel.registers = decoded->registers;
    // Any int may stand there, so that a plain product could overflow.
    const auto threads = [](const std::array<int, 3>& extents) {
      std::uint32_t product = 1;
      for (const int n : extents)
        product = std::min(product * static_cast<std::uint32_t>(std::clamp(n, 1, 1024)), 1024u);
      return product;
    };
    if (function.max_ntid[0] > 0) kernel.max_threads = threads(function.max_ntid);
    if (function.required_ntid[0] > 0) {
      kernel.max_threads = threads(function.required_ntid);
      for (std::size_t k = 0; k < 3; ++k)
        kernel.required_block[k] = static_cast<std::uint32_t>(std::max(function.required_ntid[k], 1));
    }
    kernel.program = std::move(decoded->program);
    image_->kernels_.push_back(std::move(kernel));
  }

  std::unique_ptr<Image> image_;
  DeviceMemory& memory_;
  GlobalAddresses addresses_;
  LoadError error_;
  int copies_left_ = kMostCopies;
};

tl::expected<std::unique_ptr<Image>, LoadError> load_image(ptx::Module module, DeviceMemory& memory) {
  return Loader(std::move(module), memory).load();
}

}  // namespace softcuda::exec
