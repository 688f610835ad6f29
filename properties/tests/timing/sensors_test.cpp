#include "harness/timing/sensors.h"

#include <gmock/gmock.h>

#include "properties/tests/timing/faked.h"

namespace flashdiff::timing {
namespace {

using testing::Faked;
using ::testing::HasSubstr;

const driver::Driver& soft() {
  static const auto driver = driver::Driver::load(DeviceChoice::soft).value();
  return *driver;
}

TEST(Sensors, ReadsClockPowerAndReasons) {
  const Faked nvml;
  nvml->megahertz = 1755;
  nvml->milliwatts = 431'250;
  nvml->reasons[0] = 0x1;  // idle
  nvml->reasons[1] = 0x44;
  nvml->of = 2;
  const auto sensors = Sensors::open(soft());
  ASSERT_TRUE(sensors) << sensors.error().what;
  const Reading first = sensors->read().value(), second = sensors->read().value();
  EXPECT_EQ(first.sm_megahertz, 1755u);
  EXPECT_EQ(first.watts, 431.25);
  EXPECT_FALSE(first.throttled()) << "an idle GPU is not held down";
  EXPECT_TRUE(second.throttled());
  EXPECT_EQ(throttling_in_words(second.reasons), "power cap, hot chip");
}

/// By its PCI address: the driver may have been told to show other devices, in another order.
TEST(Sensors, FindsTheDriversOwnDevice) {
  const Faked nvml;
  std::array<char, 32> bus{};
  ASSERT_EQ(soft().api().cuDeviceGetPCIBusId(bus.data(), bus.size(), 0), CUDA_SUCCESS);
  nvml->bus = bus.data();
  EXPECT_TRUE(Sensors::open(soft()));
  nvml->bus = "0000:ff:00.0";
  const auto other = Sensors::open(soft());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(other.error().what, HasSubstr("Not Found"));
  nvml->bus = nullptr;
}

TEST(Sensors, WhatIsNotThereIsNamed) {
  for (const char* library : {"/no/such/libnvidia-ml.so.1", "libm.so.6"}) {
    setenv("FLASHDIFF_NVML", library, 1);
    const auto sensors = Sensors::open(soft());
    unsetenv("FLASHDIFF_NVML");
    ASSERT_FALSE(sensors);
    EXPECT_EQ(sensors.error().kind, ErrorKind::unsupported);
    EXPECT_THAT(sensors.error().what, HasSubstr(library));
  }
}

}  // namespace
}  // namespace flashdiff::timing
