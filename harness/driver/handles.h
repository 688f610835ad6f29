#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "harness/driver/driver.h"

/// Owners of what the driver hands out. Each frees what it holds; a failure to free is not reported, since a
/// context that a fault has poisoned refuses that too.
namespace flashdiff::driver {

/// The primary context of one device, current on the calling thread from open() on.
class Context {
 public:
  [[nodiscard]] static Outcome<Context> open(std::shared_ptr<const Driver> driver, int ordinal = 0);
  Context(Context&& other) noexcept;
  Context& operator=(Context&&) = delete;
  ~Context();

  [[nodiscard]] const Driver& driver() const { return *driver_; }
  [[nodiscard]] const std::shared_ptr<const Driver>& shared_driver() const { return driver_; }
  [[nodiscard]] Outcome<void> synchronize() const;

 private:
  Context(std::shared_ptr<const Driver> driver, CUdevice device)
      : driver_(std::move(driver)), device_(device) {}
  std::shared_ptr<const Driver> driver_;
  CUdevice device_ = 0;
};

/// Bytes of device memory; at least one is allocated, so that the address is never null.
class DeviceBuffer {
 public:
  [[nodiscard]] static Outcome<DeviceBuffer> allocate(const Driver& driver, std::size_t bytes);
  DeviceBuffer(DeviceBuffer&& other) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;
  ~DeviceBuffer();

  [[nodiscard]] CUdeviceptr address() const { return address_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Copies all of `from`, which must fit.
  [[nodiscard]] Outcome<void> upload(std::span<const std::byte> from);
  [[nodiscard]] Outcome<void> download(std::span<std::byte> to) const;

 private:
  DeviceBuffer(const Driver& driver, CUdeviceptr address, std::size_t bytes)
      : driver_(&driver), address_(address), bytes_(bytes) {}
  const Driver* driver_;
  CUdeviceptr address_ = 0;
  std::size_t bytes_ = 0;
};

/// A module from PTX text or a cubin.
class Module {
 public:
  /// Errors: bad_input where the image does not parse or has no code for this device, with the driver's log
  /// as detail.
  [[nodiscard]] static Outcome<Module> load(const Driver& driver, std::string_view image,
                                            const std::string& name);
  Module(Module&& other) noexcept;
  Module& operator=(Module&&) = delete;
  ~Module();
  [[nodiscard]] Outcome<CUfunction> function(const std::string& entry) const;

 private:
  Module(const Driver& driver, CUmodule module, std::string name)
      : driver_(&driver), module_(module), name_(std::move(name)) {}
  const Driver* driver_;
  CUmodule module_ = nullptr;
  std::string name_;
};

struct LaunchShape {
  std::uint32_t grid[3] = {1, 1, 1};
  std::uint32_t block[3] = {1, 1, 1};
  std::uint32_t shared_bytes = 0;
};

/// Launches into the default stream with the parameters as one packed buffer, raising the kernel's limit of
/// dynamic shared memory where more than 48 KiB is asked for.
[[nodiscard]] Outcome<void> launch(const Driver& driver, CUfunction function, const LaunchShape& shape,
                                   std::span<const std::byte> parameters);

/// The same, and waits: a fault of the kernel is this call's error.
[[nodiscard]] Outcome<void> launch_and_wait(const Driver& driver, CUfunction function,
                                            const LaunchShape& shape, std::span<const std::byte> parameters);

}  // namespace flashdiff::driver
