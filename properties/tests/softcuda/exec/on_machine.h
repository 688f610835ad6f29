#pragma once
#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/softcuda/exec/machine.h"
#include "harness/softcuda/ptx/parser.h"

/// A machine for tests: modules from text, vectors in device memory, parameters by value.
namespace softcuda::testing {

inline exec::Machine& machine() {
  static exec::Machine one(std::uint64_t{1} << 30);
  return one;
}

/// The machine's settings, changed until the end of a scope.
class WithSettings {
 public:
  template <class Change>
  explicit WithSettings(Change change) : before_(machine().settings()) {
    exec::Settings changed = before_;
    change(changed);
    machine().set(changed);
  }
  ~WithSettings() { machine().set(before_); }
  WithSettings(const WithSettings&) = delete;
  WithSettings& operator=(const WithSettings&) = delete;

 private:
  exec::Settings before_;
};

/// Loads a module's text; a failure is the test's.
inline std::unique_ptr<exec::Image> loaded(const std::string& text) {
  auto module = ptx::parse(text, "test");
  if (!module) {
    ADD_FAILURE() << module.error().what << "\n" << text;
    return nullptr;
  }
  auto image = machine().load(std::move(*module));
  if (!image) {
    for (const auto& reason : image.error().reasons) ADD_FAILURE() << reason;
    return nullptr;
  }
  return std::move(*image);
}

/// Why a module's text is not loaded; nothing where it is.
inline std::vector<std::string> refused(const std::string& text) {
  auto module = ptx::parse(text, "m.ptx");
  if (!module) return {"parse: " + module.error().what};
  const auto image = machine().load(std::move(*module));
  return image ? std::vector<std::string>{} : image.error().reasons;
}

/// Device memory that holds a vector, for as long as this lives.
template <class T>
class OnDevice {
 public:
  explicit OnDevice(const std::vector<T>& values)
      : count_(values.size()), address_(*machine().memory().allocate(count_ * sizeof(T))) {
    EXPECT_TRUE(machine().memory().copy_in(address_, values.data(), count_ * sizeof(T)));
  }
  ~OnDevice() { EXPECT_TRUE(machine().memory().free(address_)); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  [[nodiscard]] std::uint64_t address() const { return address_; }
  [[nodiscard]] std::vector<T> values() const {
    std::vector<T> back(count_);
    EXPECT_TRUE(machine().memory().copy_out(back.data(), address_, count_ * sizeof(T)));
    return back;
  }

 private:
  std::size_t count_;
  std::uint64_t address_;
};

template <class... Ts>
std::vector<std::byte> parameters(Ts... values) {
  std::vector<std::byte> bytes;
  const auto put = [&](auto value) {
    while (bytes.size() % sizeof value != 0) bytes.push_back(std::byte{});
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), first, first + sizeof value);
  };
  (put(values), ...);
  return bytes;
}

#ifdef IMAGES
/// A module that nvcc made of one of this folder's .cu files.
inline std::unique_ptr<exec::Image> compiled(const std::string& name) {
  std::ifstream file(std::string(IMAGES) + "/" + name + ".ptx");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return loaded(text.str());
}
#endif

/// Runs `k(out)` on `out`, one grid along x; gives back what `out` holds then. A fault is the test's failure,
/// but where `fault` wants it.
template <class T>
std::vector<T> run_kernel(const std::string& text, const std::vector<T>& out, std::uint32_t blocks = 1,
                          std::uint32_t threads = 32, check::Fault* fault = nullptr) {
  const auto image = loaded(text);
  if (!image) return {};
  const OnDevice<T> memory(out);
  const auto done =
      machine().launch(*image->kernel("k"), {blocks, 1, 1}, {threads, 1, 1}, 0, parameters(memory.address()));
  if (!done && fault == nullptr)
    ADD_FAILURE() << done.error().fault.report << exec::name_of(done.error().refused);
  if (!done && fault != nullptr) *fault = done.error().fault;
  return memory.values();
}

}  // namespace softcuda::testing
