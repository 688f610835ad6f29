#include "harness/softcuda/api/memory.h"
#include "harness/softcuda/check/host_address.h"

/// Memory of the host that kernels may use ("CUDA Driver API", 6.13): pinned, or a client's own, registered.
using namespace softcuda::api;
namespace check = softcuda::check;

namespace {

constexpr unsigned kAllocFlags =
    CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
constexpr unsigned kRegisterFlags =
    CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP | CU_MEMHOSTREGISTER_READ_ONLY;

/// The host or registered allocation that holds the pointer.
std::optional<Held> of_host(const void* pointer) {
  const auto found = memory().find(check::address_of(pointer));
  const auto held = found ? held_at(found->base) : std::nullopt;
  const bool host = held && (held->kind == MemoryKind::host || held->kind == MemoryKind::registered);
  return host ? held : std::nullopt;
}

CUresult allocate(void** pointer, std::size_t bytes, unsigned flags, const char* call) {
  return in_context([&] {
    if (pointer == nullptr || (flags & ~kAllocFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    CUdeviceptr address = 0;
    const CUresult got = take(&address, bytes, call, {nullptr, MemoryKind::host, flags, nullptr});
    if (got == CUDA_SUCCESS) *pointer = check::at_host(address);
    return got;
  });
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuMemHostAlloc(void** pointer, std::size_t bytes, unsigned flags) {
  return allocate(pointer, bytes, flags, "cuMemHostAlloc");
}
SOFTCUDA_EXPORT CUresult cuMemAllocHost(void** pointer, std::size_t bytes) {
  return allocate(pointer, bytes, 0, "cuMemAllocHost");
}
SOFTCUDA_EXPORT CUresult cuMemFreeHost(void* pointer) {
  return in_context([&] {
    return pointer == nullptr
               ? CUDA_SUCCESS
               : give_back(check::address_of(pointer), "cuMemFreeHost", MemoryKind::host, MemoryKind::host);
  });
}
SOFTCUDA_EXPORT CUresult cuMemHostRegister(void* pointer, std::size_t bytes, unsigned flags) {
  return in_context([&] {
    if (pointer == nullptr || bytes == 0 || (flags & ~kRegisterFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    const std::uint64_t address = check::address_of(pointer);
    if (!memory().adopt(address, bytes, "cuMemHostRegister"))
      return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    const std::lock_guard lock(state().mutex);
    state().held[address] = {current_context(), MemoryKind::registered, flags, nullptr};
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuMemHostUnregister(void* pointer) {
  return in_context([&] {
    const std::uint64_t address = check::address_of(pointer);
    const auto held = held_at(address);
    if (!held || held->kind != MemoryKind::registered) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
    return give_back(address);
  });
}
SOFTCUDA_EXPORT CUresult cuMemHostGetDevicePointer(CUdeviceptr* address, void* pointer, unsigned flags) {
  return in_context([&] {
    if (address == nullptr || flags != 0 || !of_host(pointer)) return CUDA_ERROR_INVALID_VALUE;
    *address = check::address_of(pointer);
    return CUDA_SUCCESS;
  });
}
/// Every allocation is mapped, so that CU_MEMHOSTALLOC_DEVICEMAP is always among the flags.
SOFTCUDA_EXPORT CUresult cuMemHostGetFlags(unsigned* flags, void* pointer) {
  return in_context([&] {
    const auto held = of_host(pointer);
    if (flags == nullptr || !held) return CUDA_ERROR_INVALID_VALUE;
    *flags = held->flags | CU_MEMHOSTALLOC_DEVICEMAP;
    return CUDA_SUCCESS;
  });
}
