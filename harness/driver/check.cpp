#include <string>

#include "harness/driver/driver.h"

namespace flashdiff {
namespace {

/// "Error Handling" of the driver API's manual: results that say what the kernel did, and that end its
/// context.
bool is_fault(CUresult result) {
  switch (result) {
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_ASSERT: return true;
    default: return false;
  }
}

bool is_about_an_image(CUresult result) {
  switch (result) {
    case CUDA_ERROR_INVALID_IMAGE:
    case CUDA_ERROR_INVALID_PTX:
    case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
    case CUDA_ERROR_NO_BINARY_FOR_GPU: return true;
    default: return false;
  }
}

using Describe = CUresult (*)(CUresult, const char**);
std::string described(Describe describe, CUresult result, std::string otherwise) {
  const char* text = nullptr;
  const bool known = describe != nullptr && describe(result, &text) == CUDA_SUCCESS && text != nullptr;
  return known ? text : otherwise;
}

}  // namespace

Outcome<void> checked(const Driver& driver, const char* call, CUresult result) {
  if (result == CUDA_SUCCESS) return {};
  const std::string number = "CUresult " + std::to_string(static_cast<int>(result));
  std::string what =
      std::string(call) + ": " + described(driver.cuGetErrorName.raw(), result, number) + ": " +
      described(driver.cuGetErrorString.raw(), result, "an error that the driver has no words for");
  if (is_fault(result)) {
    const bool report = driver.soft.last_fault != nullptr;
    return fail(ErrorKind::device_fault, std::move(what), report ? driver.soft.last_fault() : "");
  }
  return fail(is_about_an_image(result) ? ErrorKind::bad_input : ErrorKind::harness, std::move(what));
}

}  // namespace flashdiff
