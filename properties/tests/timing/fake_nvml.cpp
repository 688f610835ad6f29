#include "properties/tests/timing/fake_nvml.h"

#include <algorithm>
#include <cstring>

// A libnvidia-ml of a handful of functions, which says what a test wants it to.

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT FakeNvml* fake_nvml() {
  static FakeNvml said;
  return &said;
}
EXPORT int nvmlInit_v2() { return 0; }
EXPORT const char* nvmlErrorString(int result) { return result == 6 ? "Not Found" : "Success"; }
EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char* bus, void** device) {
  if (fake_nvml()->bus != nullptr && std::strcmp(bus, fake_nvml()->bus) != 0) return 6;
  *device = fake_nvml();
  return 0;
}
EXPORT int nvmlDeviceGetClockInfo(void* /*device*/, int clock, unsigned* megahertz) {
  *megahertz = clock == 1 ? fake_nvml()->megahertz : 1;
  return 0;
}
EXPORT int nvmlDeviceGetPowerUsage(void* /*device*/, unsigned* milliwatts) {
  *milliwatts = fake_nvml()->milliwatts;
  return 0;
}
EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(void* /*device*/, unsigned long long* reasons) {
  FakeNvml& said = *fake_nvml();
  *reasons = said.reasons[std::min(said.read++, said.of - 1)];
  return 0;
}
