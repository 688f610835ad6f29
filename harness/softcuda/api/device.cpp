#include <cstdio>
#include <cstring>
#include <optional>

#include <fmt/core.h>

#include "harness/softcuda/api/state.h"

/// Initialisation and device ("CUDA Driver API", sections 6.2 to 6.5).
namespace exec = softcuda::exec;
using softcuda::api::guarded;
using softcuda::api::state;

namespace {

constexpr const char* kBusId = "0000:00:00.0";

/// Of the profile, and of what softcuda can do. Nothing: no attribute that cuda.h 13.0 has.
std::optional<std::uint32_t> attribute(CUdevice_attribute which) {
  const exec::DeviceProfile& device = state().machine.device();
  switch (which) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return device.major;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return device.minor;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return exec::kThreadsPerBlock;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return 48 * 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return device.shared_bytes_per_block;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
      return device.shared_bytes_per_multiprocessor;
    case CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK: return exec::kReservedSharedBytesPerBlock;
    case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY: return 64 * 1024;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return 32;
    case CU_DEVICE_ATTRIBUTE_MAX_PITCH: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR: return exec::kRegistersPerMultiprocessor;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return device.multiprocessors;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return device.threads_per_multiprocessor;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR: return device.blocks_per_multiprocessor;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: return device.clock_khz;
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: return device.memory_clock_khz;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: return device.memory_bus_bits;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE: return device.l2_bytes;
    case CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO: return device.f32_to_f64;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT: return 512;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT: return 32;
    case CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT: return 512;
    case CU_DEVICE_ATTRIBUTE_NUMA_ID:
    case CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID: return UINT32_MAX;  // -1: no node of its own
    case CU_DEVICE_ATTRIBUTE_MEM_SYNC_DOMAIN_COUNT:
    case CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
    case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS:
    case CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST:
    case CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM:
    case CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH:
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: return 1;
    default: break;
  }
  // All others ask whether softcuda has something that it has not, or how large its textures may be.
  if (which >= CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK && which < CU_DEVICE_ATTRIBUTE_MAX) return 0;
  return std::nullopt;
}

}  // namespace

SOFTCUDA_EXPORT CUresult cuInit(unsigned flags) {
  return guarded([&] {
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (state().settings_failed != CUDA_SUCCESS) return state().settings_failed;
    const std::lock_guard lock(state().mutex);
    state().initialised = true;
    return CUDA_SUCCESS;
  });
}
SOFTCUDA_EXPORT CUresult cuDriverGetVersion(int* version) {
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *version = 13000;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceGetCount(int* count) {
  if (!state().initialised) return CUDA_ERROR_NOT_INITIALIZED;
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *count = 1;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(ordinal); ok != CUDA_SUCCESS) return ok;
  *device = 0;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
  if (name == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  const auto whole = fmt::format("flashdiff softcuda ({})", state().machine.device().name);
  const std::size_t copied = whole.copy(name, static_cast<std::size_t>(length) - 1);
  name[copied] = '\0';
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute which, CUdevice device) {
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  const auto answer = attribute(which);
  if (!answer) return CUDA_ERROR_INVALID_VALUE;
  *value = static_cast<int>(*answer);
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice device) {
  if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  *bytes = state().machine.memory().total_bytes();
  return CUDA_SUCCESS;
}

/// A UUID of the profile's name: the same in every process, and no GPU's.
SOFTCUDA_EXPORT CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
  if (uuid == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  const auto bytes = fmt::format("softcuda {:<6}0", state().machine.device().name);
  std::memcpy(uuid->bytes, bytes.data(), sizeof uuid->bytes);
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
  if (major == nullptr || minor == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  *major = state().machine.device().major;
  *minor = state().machine.device().minor;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceGetPCIBusId(char* id, int length, CUdevice device) {
  if (id == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(device); ok != CUDA_SUCCESS) return ok;
  std::snprintf(id, static_cast<std::size_t>(length), "%s", kBusId);
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceGetByPCIBusId(CUdevice* device, const char* id) {
  if (device == nullptr || id == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult ok = device_known(0); ok != CUDA_SUCCESS) return ok;
  if (std::strcmp(id, kBusId) != 0) return CUDA_ERROR_INVALID_DEVICE;
  *device = 0;
  return CUDA_SUCCESS;
}
SOFTCUDA_EXPORT CUresult cuDeviceCanAccessPeer(int* can, CUdevice device, CUdevice peer) {
  if (can == nullptr) return CUDA_ERROR_INVALID_VALUE;
  for (const CUdevice one : {device, peer}) {
    if (const CUresult ok = device_known(one); ok != CUDA_SUCCESS) return ok;
  }
  *can = 0;
  return CUDA_SUCCESS;
}
