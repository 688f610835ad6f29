#include "harness/softcuda/api/state.h"

/// What a library looks up by dlsym before it does anything, and gives up without: cuDNN's run-time compiler
/// wants each of these (seen with 9.19), and says that it "cannot load libcuda" where one is missing.

// cuda.h makes the plain names macros of the versioned ones; a real driver exports both.
#undef cuCtxPopCurrent
#undef cuCtxPushCurrent
#undef cuLinkAddData
#undef cuLinkCreate

SOFTCUDA_EXPORT CUresult cuCtxPopCurrent(CUcontext* context) { return cuCtxPopCurrent_v2(context); }
SOFTCUDA_EXPORT CUresult cuCtxPushCurrent(CUcontext context) { return cuCtxPushCurrent_v2(context); }

/// Linking of images ("CUDA Driver API", 6.10) is not there.
SOFTCUDA_EXPORT CUresult cuLinkCreate(unsigned, CUjit_option*, void**, CUlinkState*) {
  return CUDA_ERROR_NOT_SUPPORTED;
}
SOFTCUDA_EXPORT CUresult cuLinkCreate_v2(unsigned, CUjit_option*, void**, CUlinkState*) {
  return CUDA_ERROR_NOT_SUPPORTED;
}
SOFTCUDA_EXPORT CUresult cuLinkAddData(CUlinkState, CUjitInputType, void*, std::size_t, const char*, unsigned,
                                       CUjit_option*, void**) {
  return CUDA_ERROR_NOT_SUPPORTED;
}
SOFTCUDA_EXPORT CUresult cuLinkAddData_v2(CUlinkState, CUjitInputType, void*, std::size_t, const char*,
                                          unsigned, CUjit_option*, void**) {
  return CUDA_ERROR_NOT_SUPPORTED;
}
SOFTCUDA_EXPORT CUresult cuLinkComplete(CUlinkState, void**, std::size_t*) {
  return CUDA_ERROR_NOT_SUPPORTED;
}
SOFTCUDA_EXPORT CUresult cuLinkDestroy(CUlinkState) { return CUDA_ERROR_NOT_SUPPORTED; }

/// No clusters on this device.
SOFTCUDA_EXPORT CUresult cuOccupancyMaxPotentialClusterSize(int*, CUfunction, const CUlaunchConfig*) {
  return CUDA_ERROR_NOT_SUPPORTED;
}

/// The vendor's private tables are out of bounds. The function itself is there: libnvrtc calls it before it
/// compiles, takes a refusal, and follows a null pointer where it finds no such function (seen with 13.0).
SOFTCUDA_EXPORT CUresult cuGetExportTable(const void** table, const CUuuid*) {
  if (table == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *table = nullptr;
  return CUDA_ERROR_NOT_SUPPORTED;
}
