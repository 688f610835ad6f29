#include "harness/softcuda/api/memory.h"

#include <algorithm>
#include <cstring>

#include "harness/softcuda/check/host_address.h"
#include "harness/softcuda/exec/host_access.h"

/// Allocation ("CUDA Driver API", 6.13), and what the other chapters on memory are made of.
namespace softcuda::api {

CUresult take(CUdeviceptr* address, std::size_t bytes, const char* call, Held held) {
  if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const auto got = memory().allocate(bytes, call);
  if (!got) return CUDA_ERROR_OUT_OF_MEMORY;
  held.context = current_context();
  // What the host writes into its own memory is not seen.
  if (held.kind != MemoryKind::device) memory().mark_written(*got, bytes);
  const std::lock_guard lock(state().mutex);
  if (held.pool != nullptr) {
    held.pool->used += bytes;
    held.pool->used_high = std::max(held.pool->used_high, held.pool->used);
  }
  state().held[*got] = std::move(held);
  *address = *got;
  return CUDA_SUCCESS;
}

CUresult give_back(CUdeviceptr address) {
  const auto allocation = memory().find(address);
  const std::lock_guard lock(state().mutex);
  const auto found = state().held.find(address);
  if (found == state().held.end() || !allocation) return CUDA_ERROR_INVALID_VALUE;
  if (found->second.pool != nullptr) found->second.pool->used -= allocation->bytes;
  const bool ours = found->second.kind != MemoryKind::registered;
  state().held.erase(found);
  (void)(ours ? memory().free(address) : memory().forget(address));
  return CUDA_SUCCESS;
}

CUresult give_back(CUdeviceptr address, const char* call, MemoryKind kind, MemoryKind or_kind) {
  const std::optional<Held> held = held_at(address);
  if (held && (held->kind == kind || held->kind == or_kind)) return give_back(address);
  State& s = state();
  s.machine.report(exec::report_of_free(memory().allocations(), call, address,
                                        held ? "which another call has allocated" : ""));
  write_reports();
  return CUDA_ERROR_INVALID_VALUE;
}

bool is_device(std::uint64_t address) {
  return memory().in_device_range(address) || memory().find(address).has_value();
}

CUresult check_access(const char* call, std::uint64_t address, std::uint64_t bytes, bool write) {
  if (bytes == 0 || memory().inside_one(address, bytes)) return CUDA_SUCCESS;
  state().machine.report(exec::report_of(memory().allocations(), {call, address, bytes, write}));
  write_reports();
  return CUDA_ERROR_INVALID_VALUE;
}

void move_bytes(std::uint64_t to, std::uint64_t from, std::size_t bytes) {
  const bool to_device = memory().in_device_range(to), from_device = memory().in_device_range(from);
  if (to_device && from_device)
    (void)memory().copy(to, from, bytes);
  else if (to_device)
    (void)memory().copy_in(to, check::at_host(from), bytes);
  else
    std::memmove(check::at_host(to), check::at_host(from), bytes);
}

std::optional<Held> held_at(CUdeviceptr base) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().held.find(base);
  return found != state().held.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace softcuda::api

using namespace softcuda::api;

SOFTCUDA_EXPORT CUresult cuMemAlloc(CUdeviceptr* address, std::size_t bytes) {
  return in_context([&] { return take(address, bytes, "cuMemAlloc", {}); });
}
SOFTCUDA_EXPORT CUresult cuMemFree(CUdeviceptr address) {
  return in_context([&] {
    return address == 0 ? CUDA_SUCCESS
                        : give_back(address, "cuMemFree", MemoryKind::device, MemoryKind::managed);
  });
}
SOFTCUDA_EXPORT CUresult cuMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  return in_context([&] {
    if (free_bytes == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *total = memory().total_bytes();
    *free_bytes = *total - memory().used_bytes();
    return CUDA_SUCCESS;
  });
}
/// Rows of a multiple of 512 bytes, as a GPU of this kind gives them.
SOFTCUDA_EXPORT CUresult cuMemAllocPitch(CUdeviceptr* address, std::size_t* pitch, std::size_t width,
                                         std::size_t height, unsigned element) {
  return in_context([&] {
    if (address == nullptr || pitch == nullptr || width == 0 || height == 0 ||
        (element != 4 && element != 8 && element != 16))
      return CUDA_ERROR_INVALID_VALUE;
    if (width > 0x7fffffff || height > memory().total_bytes() / width) return CUDA_ERROR_OUT_OF_MEMORY;
    const std::size_t row = (width + 511) / 512 * 512;
    const CUresult got = take(address, row * height, "cuMemAllocPitch", {});
    if (got == CUDA_SUCCESS) *pitch = row;
    return got;
  });
}
/// Device memory is memory of the host: a device address is where its bytes are, and no page ever moves.
SOFTCUDA_EXPORT CUresult cuMemAllocManaged(CUdeviceptr* address, std::size_t bytes, unsigned flags) {
  return in_context([&] {
    if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST) return CUDA_ERROR_INVALID_VALUE;
    return take(address, bytes, "cuMemAllocManaged", {nullptr, MemoryKind::managed, flags, nullptr});
  });
}
SOFTCUDA_EXPORT CUresult cuMemGetAddressRange(CUdeviceptr* base, std::size_t* bytes, CUdeviceptr address) {
  return in_context([&] {
    const auto found = memory().find(address);
    if (!found) return CUDA_ERROR_NOT_FOUND;
    if (base != nullptr) *base = found->base;
    if (bytes != nullptr) *bytes = found->bytes;
    return CUDA_SUCCESS;
  });
}
