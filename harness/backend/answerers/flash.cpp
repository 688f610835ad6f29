#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "harness/backend/answerers/answerers.h"
#include "harness/backend/answerers/on_device.h"
#include "harness/driver/handles.h"
#include "harness/timing/stopwatch.h"
#include "harness/timing/timeable.h"

namespace flashdiff {
namespace {

using driver::Context;
using driver::DeviceBuffer;
using driver::Driver;
using driver::Module;

class FlashBackend final : public Backend, public timing::Timeable {
 public:
  /// `image_file`: where the module comes from, empty for the image inside the program.
  FlashBackend(const kernels::Kernel& kernel, Context context, Module module, std::string image_file)
      : Backend(std::string(kernel.name)),
        kernel_(kernel),
        context_(std::move(context)),
        module_(std::move(module)),
        image_file_(std::move(image_file)) {}

  [[nodiscard]] Support supports(const Case& c) const override {
    if (c.layout.hole > 0)
      return {false, "a hole in a sequence: a kernel is handed a first row and a length, no mask"};
    std::string why_not = kernel_.plan.why_not(c);
    return {why_not.empty(), std::move(why_not)};
  }
  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    return kernel_.plan.numerics(problem);
  }

  [[nodiscard]] Outcome<timing::Timed> time(const LaidOut& sent, const timing::TimingPlan& plan) override {
    const Outcome<DeviceBuffer> workspace = workspace_of(kernel_.plan.needs(sent).workspace_bytes);
    if (!workspace) return tl::unexpected<Error>(workspace.error());
    const Outcome<OnDevice> there = uploaded(sent, workspace->address());
    if (!there) return tl::unexpected<Error>(there.error());
    const auto launch_all = [&]() -> Outcome<void> {
      for (const kernels::Launch& one : there->launches())
        if (auto launched =
                driver::launch(context_.driver(), functions_.at(one.entry), shape_of(one), one.parameters);
            !launched)
          return launched;
      return {};
    };
    return timing::time_launches(context_.driver(), launch_all, plan);
  }

 private:
  Outcome<void> do_run(LaidOut& io) override {
    const Outcome<DeviceBuffer> workspace = workspace_of(kernel_.plan.needs(io).workspace_bytes);
    if (!workspace) return tl::unexpected<Error>(workspace.error());
    return answer(io, workspace->address());
  }

  Outcome<void> do_run_twice(LaidOut& first, LaidOut& second) override {
    const Outcome<DeviceBuffer> workspace = workspace_of(
        std::max(kernel_.plan.needs(first).workspace_bytes, kernel_.plan.needs(second).workspace_bytes));
    if (!workspace) return tl::unexpected<Error>(workspace.error());
    if (Outcome<void> done = answer(first, workspace->address()); !done)
      return of_the_call_before(first, std::move(done.error()));
    return answer(second, workspace->address());
  }

  [[nodiscard]] Outcome<DeviceBuffer> workspace_of(std::size_t bytes) const {
    if (broken_)
      return harness_error(fmt::format("{}: the device's context is broken by an earlier fault", name()));
    return poisoned_workspace(context_.driver(), bytes);
  }

  Outcome<void> answer(LaidOut& io, CUdeviceptr workspace) {
    Outcome<void> done = launched(io, workspace);
    // A fault is sticky: every later call of this context fails, whatever it asks.
    if (!done && done.error().kind == ErrorKind::device_fault) broken_ = true;
    return done;
  }

  Outcome<void> launched(LaidOut& io, CUdeviceptr workspace) {
    const Outcome<OnDevice> there = uploaded(io, workspace);
    if (!there) return tl::unexpected<Error>(there.error());
    for (const kernels::Launch& one : there->launches()) {
      auto launched =
          driver::launch_and_wait(context_.driver(), functions_.at(one.entry), shape_of(one), one.parameters);
      if (!launched) return launched;
      // What detectors found is a verdict about the kernel, whatever it computed.
      if (auto found = context_.driver().findings(); !found) return found;
    }
    return there->download(io);
  }

  /// The case in device memory, and the functions of its launches known: before the first launch, since half
  /// an answer is none.
  Outcome<OnDevice> uploaded(const LaidOut& sent, CUdeviceptr workspace) {
    Outcome<OnDevice> there = OnDevice::upload(context_.driver(), kernel_.plan, sent, workspace);
    if (!there) return there;
    for (const kernels::Launch& one : there->launches())
      if (const auto found = function_of(one.entry); !found) return tl::unexpected<Error>(found.error());
    return there;
  }

  /// A user's image may have some of the kernel's entries only, as those of planted bugs do: what it does not
  /// have it does not support.
  Outcome<CUfunction> function_of(const std::string& entry) {
    if (const auto known = functions_.find(entry); known != functions_.end()) return known->second;
    Outcome<CUfunction> found = module_.function(entry);
    if (found) functions_.emplace(entry, *found);
    if (!found && !image_file_.empty())
      return unsupported(fmt::format("{}: this image has no entry {}", image_file_, entry));
    return found;
  }

  static driver::LaunchShape shape_of(const kernels::Launch& launch) {
    driver::LaunchShape shape;
    std::copy(std::begin(launch.grid), std::end(launch.grid), shape.grid);
    std::copy(std::begin(launch.block), std::end(launch.block), shape.block);
    shape.shared_bytes = launch.shared_bytes;
    return shape;
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
