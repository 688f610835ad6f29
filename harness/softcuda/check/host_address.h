#pragma once
#include <cstdint>

namespace softcuda::check {

/// Device and shared addresses are kept as numbers, since that is what kernels compute with; a resolved one
/// is the host address of its byte. The one place where it becomes a pointer.
template <class T = void>
[[nodiscard]] T* at_host(std::uint64_t address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr): see above
}
[[nodiscard]] inline std::uint64_t address_of(const void* host) {
  return reinterpret_cast<std::uint64_t>(host);
}

}  // namespace softcuda::check
