#include <array>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "harness/backend/answerers/answerers.h"
#include "harness/backend/answerers/extents.h"
#include "harness/driver/handles.h"

namespace flashdiff {
namespace {

using driver::Context;
using driver::DeviceBuffer;
using driver::Driver;
using driver::Module;

/// The device buffers of one call, exactly as large as what they hold: softcuda's memcheck then sees the
/// first byte beyond a guard band. Allocating costs microseconds on softcuda; on a GPU the copies outweigh
/// it.
class CallMemory {
 public:
  explicit CallMemory(const Driver& driver) : driver_(driver) {}

  /// Device address of the copy of `bytes`.
  Outcome<CUdeviceptr> put(std::span<const std::byte> bytes) {
    Outcome<DeviceBuffer> buffer = DeviceBuffer::allocate(driver_, bytes.size());
    if (!buffer) return tl::unexpected<Error>(std::move(buffer.error()));
    if (auto copied = buffer->upload(bytes); !copied) return tl::unexpected<Error>(std::move(copied.error()));
    buffers_.push_back(std::move(*buffer));
    return buffers_.back().address();
  }
  Outcome<void> take(std::size_t index, std::span<std::byte> to) const {
    return buffers_[index].download(to);
  }

 private:
  const Driver& driver_;
  std::vector<DeviceBuffer> buffers_;
};

/// In the order of TensorRole.
using At = kernels::Addresses;
constexpr std::array kAddresses{&At::q,  &At::k,  &At::v,     &At::o,     &At::lse,   &At::d_o, &At::dq,
                                &At::dk, &At::dv, &At::k_new, &At::v_new, &At::q_rot, &At::rope};

/// Everything that the pass reads or writes.
std::vector<TensorRole> tensors_of(Pass pass) {
  const auto inputs = inputs_of(pass), outputs = outputs_of(pass);
  std::vector<TensorRole> tensors(inputs.begin(), inputs.end());
  tensors.insert(tensors.end(), outputs.begin(), outputs.end());
  return tensors;
}

class FlashBackend final : public Backend {
 public:
  /// `image_file`: where the module comes from, empty for the image inside the program.
  FlashBackend(const kernels::Kernel& kernel, Context context, Module module, std::string image_file)
      : Backend(std::string(kernel.name)),
        kernel_(kernel),
        context_(std::move(context)),
        module_(std::move(module)),
        image_file_(std::move(image_file)) {}

  [[nodiscard]] Support supports(const Case& c) const override {
    std::string why_not = kernel_.plan.why_not(c);
    return {why_not.empty(), std::move(why_not)};
  }
  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    return kernel_.plan.numerics(problem);
  }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    if (broken_)
      return harness_error(fmt::format("{}: the device's context is broken by an earlier fault", name()));
    Outcome<void> done = answer(io);
    // A fault is sticky: every later call of this context fails, whatever it asks.
    if (!done && done.error().kind == ErrorKind::device_fault) broken_ = true;
    return done;
  }

  Outcome<void> answer(LaidOut& io) {
    CallMemory memory(context_.driver());
    kernels::Addresses addresses;
    const std::vector<TensorRole> tensors = tensors_of(io.question.problem.pass);
    for (TensorRole role : tensors) {
      const LaidOutTensor& tensor = io.of(role);
      const Outcome<CUdeviceptr> at = memory.put(tensor.bytes);
      if (!at) return tl::unexpected<Error>(at.error());
      const CUdeviceptr body = *at + LaidOutTensor::guard_bytes;
      addresses.*kAddresses[static_cast<std::size_t>(role)] = body;
      if (auto told = tell_extents(context_.driver(), tensor, body); !told) return told;
    }
    const kernels::Needs needs = kernel_.plan.needs(io);
    const Outcome<CUdeviceptr> metadata = memory.put(needs.metadata);
    if (!metadata) return tl::unexpected<Error>(metadata.error());
    addresses.metadata = *metadata;
    // All ones: NaN in every floating-point type, and no plausible count.
    const Outcome<CUdeviceptr> workspace =
        memory.put(std::vector<std::byte>(needs.workspace_bytes, std::byte{0xff}));
    if (!workspace) return tl::unexpected<Error>(workspace.error());
    addresses.workspace = *workspace;
    const Driver& driver = context_.driver();
    if (auto told = tell_extents(driver, "metadata", addresses.metadata, needs.metadata.size()); !told)
      return told;
    if (auto told = tell_extents(driver, "workspace", addresses.workspace, needs.workspace_bytes); !told)
      return told;

    const std::vector<kernels::Launch> launches = kernel_.plan.plan(io, addresses);
    // Before the first launch: half an answer is none.
    for (const kernels::Launch& launch : launches)
      if (const auto found = function_of(launch.entry); !found) return tl::unexpected<Error>(found.error());
    for (const kernels::Launch& launch : launches) {
      if (auto launched = run_launch(launch); !launched) return launched;
      // What detectors found is a verdict about the kernel, whatever it computed.
      if (auto found = context_.driver().findings(); !found) return found;
    }
    for (std::size_t i = 0; i < tensors.size(); ++i)
      if (auto copied = memory.take(i, io.of(tensors[i]).bytes); !copied) return copied;
    return {};
  }

  /// A user's image may have some of the kernel's entries only, as those of planted bugs do: what it does not
  /// have it does not support.
  Outcome<CUfunction> function_of(const std::string& entry) {
    if (const auto known = functions_.find(entry); known != functions_.end()) return known->second;
    const Outcome<CUfunction> found = module_.function(entry);
    if (found) functions_.emplace(entry, *found);
    if (!found && !image_file_.empty())
      return unsupported(fmt::format("{}: this image has no entry {}", image_file_, entry));
    return found;
  }

  Outcome<void> run_launch(const kernels::Launch& launch) {
    const Outcome<CUfunction> function = function_of(launch.entry);
    if (!function) return tl::unexpected<Error>(function.error());
    driver::LaunchShape shape;
    std::copy(std::begin(launch.grid), std::end(launch.grid), shape.grid);
    std::copy(std::begin(launch.block), std::end(launch.block), shape.block);
    shape.shared_bytes = launch.shared_bytes;
    return driver::launch_and_wait(context_.driver(), *function, shape, launch.parameters);
  }

  const kernels::Kernel& kernel_;
  Context context_;  // before the module, which is unloaded first
  Module module_;
  std::string image_file_;
  std::map<std::string, CUfunction> functions_;
  bool broken_ = false;
};

}  // namespace

Outcome<std::unique_ptr<Backend>> flash_backend(const kernels::Kernel& kernel,
                                                const BackendOptions& options) {
  const auto failed = [](Error error) { return tl::unexpected<Error>(std::move(error)); };
  auto driver = Driver::load(options.device);
  if (!driver) return failed(std::move(driver.error()));
  if ((*driver)->is_soft()) (*driver)->soft().set_threads(static_cast<unsigned>(options.soft_threads));
  for (const auto& [key, value] : options.soft_settings) {
    if (auto set = (*driver)->set_soft(key, value); !set) return failed(std::move(set.error()));
  }
  auto context = Context::open(*driver);
  if (!context) return failed(std::move(context.error()));

  std::string text, file;
  std::string_view image = kernel.image;
  if (const auto own = options.images.find(std::string(kernel.name)); own != options.images.end()) {
    Outcome<std::string> read = read_image(own->second);
    if (!read) return failed(std::move(read.error()));
    text = std::move(*read);
    image = text;
    file = own->second;
  }
  auto module = Module::load(**driver, image, file.empty() ? std::string(kernel.name) : file);
  if (!module) return failed(std::move(module.error()));
  return std::make_unique<FlashBackend>(kernel, std::move(*context), std::move(*module), std::move(file));
}

}  // namespace flashdiff
