#include "harness/driver/handles.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace flashdiff::driver {

Outcome<Context> Context::open(std::shared_ptr<const Driver> driver, int ordinal) {
  const Api& api = driver->api();
  CUdevice device = 0;
  CUcontext context = nullptr;
  Outcome<void> ok = driver->check(api.cuDeviceGet(&device, ordinal), "cuDeviceGet");
  if (ok) ok = driver->check(api.cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain");
  if (!ok) return tl::unexpected<Error>(ok.error());
  Context made(std::move(driver), device);
  ok = made.driver_->check(api.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  if (!ok) return tl::unexpected<Error>(ok.error());
  return made;
}

Context::Context(Context&& other) noexcept : driver_(std::move(other.driver_)), device_(other.device_) {}

Context::~Context() {
  if (driver_) (void)driver_->api().cuDevicePrimaryCtxRelease(device_);
}

Outcome<void> Context::synchronize() const {
  return driver_->check(driver_->api().cuCtxSynchronize(), "cuCtxSynchronize");
}

Outcome<DeviceBuffer> DeviceBuffer::allocate(const Driver& driver, std::size_t bytes) {
  CUdeviceptr address = 0;
  const auto ok = driver.check(driver.api().cuMemAlloc(&address, bytes == 0 ? 1 : bytes), "cuMemAlloc");
  if (!ok) return tl::unexpected<Error>(ok.error());
  return DeviceBuffer(driver, address, bytes);
}

DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept
    : driver_(other.driver_), address_(std::exchange(other.address_, 0)), bytes_(other.bytes_) {}

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  std::swap(driver_, other.driver_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

DeviceBuffer::~DeviceBuffer() {
  if (address_ != 0) (void)driver_->api().cuMemFree(address_);
}

Outcome<void> DeviceBuffer::upload(std::span<const std::byte> from) {
  if (from.size() > bytes_)
    return harness_error(fmt::format("{} bytes for a buffer of {}", from.size(), bytes_));
  if (from.empty()) return {};
  return driver_->check(driver_->api().cuMemcpyHtoD(address_, from.data(), from.size()), "cuMemcpyHtoD");
}

Outcome<void> DeviceBuffer::download(std::span<std::byte> to) const {
  if (to.size() > bytes_)
    return harness_error(fmt::format("{} bytes from a buffer of {}", to.size(), bytes_));
  if (to.empty()) return {};
  return driver_->check(driver_->api().cuMemcpyDtoH(to.data(), address_, to.size()), "cuMemcpyDtoH");
}

Outcome<Module> Module::load(const Driver& driver, std::string_view image, const std::string& name) {
  // The driver reads PTX up to a terminating zero, which a view of an embedded image need not have.
  const std::string terminated(image);
  std::array<char, 4096> log{};
  std::array<CUjit_option, 2> options{CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  std::array<void*, 2> values{log.data(), reinterpret_cast<void*>(log.size() - 1)};
  CUmodule module = nullptr;
  const CUresult result = driver.api().cuModuleLoadDataEx(
      &module, terminated.data(), static_cast<unsigned>(options.size()), options.data(), values.data());
  if (result == CUDA_SUCCESS) return Module(driver, module, name);
  const Outcome<void> failed = driver.check(result, "cuModuleLoadDataEx");
  if (failed.error().kind == ErrorKind::device_fault) return tl::unexpected<Error>(failed.error());
  std::string first(log.data());
  first = first.substr(0, first.find('\n'));
  return fail(ErrorKind::bad_input,
              fmt::format("{}: {}{}{}", name, failed.error().what, first.empty() ? "" : ": ", first),
              std::string(log.data()));
}

Module::Module(Module&& other) noexcept
    : driver_(other.driver_), module_(std::exchange(other.module_, nullptr)), name_(std::move(other.name_)) {}

Module::~Module() {
  if (module_ != nullptr) (void)driver_->api().cuModuleUnload(module_);
}

Outcome<CUfunction> Module::function(const std::string& entry) const {
  CUfunction function = nullptr;
  const auto ok = driver_->check(driver_->api().cuModuleGetFunction(&function, module_, entry.c_str()),
                                 "cuModuleGetFunction");
  if (!ok) return bad_input(fmt::format("{}: no kernel '{}' in it ({})", name_, entry, ok.error().what));
  return function;
}

Outcome<void> launch(const Driver& driver, CUfunction function, const LaunchShape& shape,
                     std::span<const std::byte> parameters) {
  const Api& api = driver.api();
  constexpr std::uint32_t kWithoutAsking = 48 * 1024;
  if (shape.shared_bytes > kWithoutAsking) {
    const auto raised =
        driver.check(api.cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                            static_cast<int>(shape.shared_bytes)),
                     "cuFuncSetAttribute");
    if (!raised) return raised;
  }
  std::size_t bytes = parameters.size();
  std::array<void*, 5> extra{CU_LAUNCH_PARAM_BUFFER_POINTER, const_cast<std::byte*>(parameters.data()),
                             CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  return driver.check(
      api.cuLaunchKernel(function, shape.grid[0], shape.grid[1], shape.grid[2], shape.block[0],
                         shape.block[1], shape.block[2], shape.shared_bytes, nullptr, nullptr, extra.data()),
      "cuLaunchKernel");
}

Outcome<void> launch_and_wait(const Driver& driver, CUfunction function, const LaunchShape& shape,
                              std::span<const std::byte> parameters) {
  if (auto launched = launch(driver, function, shape, parameters); !launched) return launched;
  return driver.check(driver.api().cuCtxSynchronize(), "cuCtxSynchronize");
}

}  // namespace flashdiff::driver
