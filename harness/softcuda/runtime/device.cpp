#include <cstring>

#include <cuda_profiler_api.h>

#include "harness/softcuda/runtime/runtime.h"

/// "Device Management", "Version Management", "Profiler Control". One device, number 0.
using softcuda::runtime::call;
using softcuda::runtime::error_of;
using softcuda::runtime::told;

namespace {

cudaError_t known(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }

/// What the driver does not know stays 0.
template <class T>
void get(T& into, CUdevice_attribute which) {
  int value = 0;
  if (cuDeviceGetAttribute(&value, which, 0) == CUDA_SUCCESS) into = static_cast<T>(value);
}

CUresult fill(cudaDeviceProp& p) {
  p = {};
  CUuuid uuid;
  CUresult got = cuDeviceGetName(p.name, sizeof p.name, 0);
  if (got == CUDA_SUCCESS) got = cuDeviceTotalMem(&p.totalGlobalMem, 0);
  if (got == CUDA_SUCCESS) got = cuDeviceGetUuid(&uuid, 0);
  if (got != CUDA_SUCCESS) return got;
  std::memcpy(&p.uuid, &uuid, sizeof uuid);
  get(p.major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  get(p.minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  get(p.sharedMemPerBlock, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
  get(p.sharedMemPerBlockOptin, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  get(p.sharedMemPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
  get(p.reservedSharedMemPerBlock, CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK);
  get(p.regsPerBlock, CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
  get(p.regsPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
  get(p.warpSize, CU_DEVICE_ATTRIBUTE_WARP_SIZE);
  get(p.memPitch, CU_DEVICE_ATTRIBUTE_MAX_PITCH);
  get(p.totalConstMem, CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
  get(p.maxThreadsPerBlock, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  get(p.maxThreadsPerMultiProcessor, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
  get(p.maxBlocksPerMultiProcessor, CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR);
  get(p.maxThreadsDim[0], CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X);
  get(p.maxThreadsDim[1], CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y);
  get(p.maxThreadsDim[2], CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z);
  get(p.maxGridSize[0], CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X);
  get(p.maxGridSize[1], CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y);
  get(p.maxGridSize[2], CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z);
  get(p.multiProcessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  get(p.memoryBusWidth, CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);
  get(p.l2CacheSize, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  get(p.textureAlignment, CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
  get(p.integrated, CU_DEVICE_ATTRIBUTE_INTEGRATED);
  get(p.canMapHostMemory, CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY);
  get(p.concurrentKernels, CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS);
  get(p.ECCEnabled, CU_DEVICE_ATTRIBUTE_ECC_ENABLED);
  get(p.pciBusID, CU_DEVICE_ATTRIBUTE_PCI_BUS_ID);
  get(p.pciDeviceID, CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID);
  get(p.pciDomainID, CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID);
  get(p.asyncEngineCount, CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT);
  get(p.unifiedAddressing, CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING);
  get(p.managedMemory, CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY);
  get(p.concurrentManagedAccess, CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS);
  get(p.pageableMemoryAccess, CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS);
  get(p.streamPrioritiesSupported, CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED);
  get(p.cooperativeLaunch, CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH);
  get(p.memoryPoolsSupported, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
  get(p.clusterLaunch, CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH);
  return CUDA_SUCCESS;
}

}  // namespace

SOFTCUDA_RUNTIME cudaError_t cudaGetDeviceCount(int* count) {
  return call([&] { return cuDeviceGetCount(count); });
}
SOFTCUDA_RUNTIME cudaError_t cudaGetDevice(int* device) {
  if (device == nullptr) return told(cudaErrorInvalidValue);
  return call([&] {
    *device = 0;
    return cudaSuccess;
  });
}
SOFTCUDA_RUNTIME cudaError_t cudaSetDevice(int device) {
  return call([&] { return known(device); });
}
SOFTCUDA_RUNTIME cudaError_t cudaSetDeviceFlags(unsigned flags) {
  return call([&] { return cuDevicePrimaryCtxSetFlags(0, flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaGetDeviceFlags(unsigned* flags) {
  return call([&] { return cuCtxGetFlags(flags); });
}
SOFTCUDA_RUNTIME cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (properties == nullptr) return told(cudaErrorInvalidValue);
  return call(
      [&] { return known(device) == cudaSuccess ? error_of(fill(*properties)) : cudaErrorInvalidDevice; });
}
/// The runtime's numbers are the driver's.
SOFTCUDA_RUNTIME cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int device) {
  return call([&] { return cuDeviceGetAttribute(value, static_cast<CUdevice_attribute>(which), device); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
  return call([&] { return cuDeviceGetPCIBusId(text, size, device); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  return call([&] { return cuDeviceCanAccessPeer(can, device, peer); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceSynchronize() {
  return call([] { return cuCtxSynchronize(); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceGetLimit(std::size_t* value, cudaLimit limit) {
  return call([&] { return cuCtxGetLimit(value, static_cast<CUlimit>(limit)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceSetLimit(cudaLimit limit, std::size_t value) {
  return call([&] { return cuCtxSetLimit(static_cast<CUlimit>(limit), value); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache config) {
  return call([&] { return cuCtxSetCacheConfig(static_cast<CUfunc_cache>(config)); });
}
SOFTCUDA_RUNTIME cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return call([&] { return cuCtxGetStreamPriorityRange(least, greatest); });
}

SOFTCUDA_RUNTIME cudaError_t cudaRuntimeGetVersion(int* version) {
  if (version == nullptr) return told(cudaErrorInvalidValue);
  *version = CUDART_VERSION;
  return cudaSuccess;
}
SOFTCUDA_RUNTIME cudaError_t cudaDriverGetVersion(int* version) {
  return told(error_of(cuDriverGetVersion(version)));
}

/// They tell a profiler where to look; there is none.
SOFTCUDA_RUNTIME cudaError_t cudaProfilerStart() {
  return call([] { return cudaSuccess; });
}
SOFTCUDA_RUNTIME cudaError_t cudaProfilerStop() {
  return call([] { return cudaSuccess; });
}
