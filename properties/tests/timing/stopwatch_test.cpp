#include "harness/timing/stopwatch.h"

#include <array>
#include <cstring>
#include <string>

#include <gmock/gmock.h>

#include "harness/driver/handles.h"
#include "properties/tests/softcuda/exec/kernel_text.h"
#include "properties/tests/timing/faked.h"

/// The timing core on the software driver: its times say nothing, the order of its calls does.
namespace flashdiff::timing {
namespace {

using driver::Api;
using driver::Driver;
using ::testing::AllOf;
using testing::Faked;
using ::testing::HasSubstr;

/// What was asked of the driver, a letter a call: m(emset), e(vent), k(ernel).
std::string calls;
std::size_t flushed = 0;
Api real;

CUresult counted_event(CUevent event, CUstream stream) {
  calls += 'e';
  return real.cuEventRecord(event, stream);
}
CUresult counted_memset(CUdeviceptr to, unsigned value, std::size_t count, CUstream stream) {
  calls += 'm';
  flushed = 4 * count;
  return real.cuMemsetD32Async(to, value, count, stream);
}
CUresult counted_launch(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                        unsigned bz, unsigned shared, CUstream stream, void** parameters, void** extra) {
  calls += 'k';
  return real.cuLaunchKernel(f, gx, gy, gz, bx, by, bz, shared, stream, parameters, extra);
}

/// A kernel that does nothing, behind a driver that counts.
class Stopwatch : public ::testing::Test {
 protected:
  Stopwatch() {
    real = soft_->api();
    Api counting = real;
    counting.cuEventRecord = &counted_event;
    counting.cuMemsetD32Async = &counted_memset;
    counting.cuLaunchKernel = &counted_launch;
    driver_ = soft_->through(counting);
    calls.clear();
    flushed = 0;
  }
  Outcome<void> launch() { return driver::launch(*driver_, function_, {}, parameters_); }
  Outcome<Timed> time(const Sensors* sensors, TimingPlan plan) {
    return time_launches(
        *driver_, sensors, [this] { return launch(); }, plan);
  }
  static TimingPlan samples(int count, L2 l2 = L2::flush) { return {l2, 2, count, count, 0, 7}; }

  std::shared_ptr<const Driver> soft_ = Driver::load(DeviceChoice::soft).value();
  driver::Context context_ = driver::Context::open(soft_).value();
  driver::Module module_ =
      driver::Module::load(*soft_, softcuda::testing::kernel_text("ret;"), "nothing").value();
  CUfunction function_ = module_.function("k").value();
  std::array<std::byte, 8> parameters_{};
  std::shared_ptr<const Driver> driver_;
};

TEST_F(Stopwatch, OnlyTheKernelLiesBetweenTheEventsAndAFlushBeforeThem) {
  const auto timed = time(nullptr, samples(3));
  ASSERT_TRUE(timed) << timed.error().what;
  EXPECT_EQ(calls,
            "kk"
            "meke"
            "meke"
            "meke")
      << "two to warm up, then three samples";
  EXPECT_EQ(timed->seconds.size(), 3u);
  EXPECT_THAT(timed->seconds, ::testing::Each(::testing::Gt(0.0)));
  int l2 = 0;
  ASSERT_EQ(real.cuDeviceGetAttribute(&l2, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 0), CUDA_SUCCESS);
  EXPECT_GT(flushed, static_cast<std::size_t>(l2)) << "more than the cache holds";
}

/// The launch in front hides the host's latency, and leaves the cache as a launch does.
TEST_F(Stopwatch, AKeptCacheIsTheLaunchsOwn) {
  ASSERT_TRUE(time(nullptr, samples(2, L2::keep)));
  EXPECT_EQ(calls,
            "kk"
            "keke"
            "keke");
}

TEST_F(Stopwatch, ThrottledSamplesAreDiscardedAndCounted) {
  const Faked nvml;
  nvml->megahertz = 1410;
  nvml->milliwatts = 250'000;
  const std::array<unsigned long long, 6> reasons{0x4, 0x0, 0x20, 0x1, 0x2, 0x0};
  std::copy(reasons.begin(), reasons.end(), nvml->reasons);
  nvml->of = 6;
  const auto timed = time_launches(
      *driver_, [this] { return launch(); }, samples(4));
  ASSERT_TRUE(timed) << timed.error().what;
  EXPECT_EQ(timed->seconds.size(), 4u);
  EXPECT_EQ(timed->discarded, 2);
  EXPECT_EQ(timed->throttled_by, "power cap, temperature limit");
  EXPECT_EQ(calls.size(), 2 + 4 * 6u) << "six samples for four that are kept";
  EXPECT_EQ(timed->sm_megahertz, 1410);
  EXPECT_EQ(timed->watts, 250);
  EXPECT_EQ(timed->without_sensors, "");
}

TEST_F(Stopwatch, AGpuThatNeverStopsThrottlingHasNoTime) {
  const Faked nvml;
  nvml->reasons[0] = 0x8;
  const auto timed = time_launches(
      *driver_, [this] { return launch(); }, samples(4));
  ASSERT_FALSE(timed);
  EXPECT_THAT(timed.error().what, AllOf(HasSubstr("of 7 launches 7 were throttled"), HasSubstr("slowdown")));
}

TEST_F(Stopwatch, WithoutNvmlThereAreTimesAndAReason) {
  setenv("FLASHDIFF_NVML", "/no/such/libnvidia-ml.so.1", 1);
  const auto timed = time_launches(
      *driver_, [this] { return launch(); }, samples(2));
  unsetenv("FLASHDIFF_NVML");
  ASSERT_TRUE(timed) << timed.error().what;
  EXPECT_EQ(timed->seconds.size(), 2u);
  EXPECT_THAT(timed->without_sensors, HasSubstr("/no/such/libnvidia-ml.so.1"));
}

TEST_F(Stopwatch, ALaunchThatFailsIsTheError) {
  const auto timed = time_launches(
      *driver_, nullptr, [] { return Outcome<void>(harness_error("nothing to launch")); }, samples(1));
  ASSERT_FALSE(timed);
  EXPECT_EQ(timed.error().what, "nothing to launch");
}

TEST(Timed, TheMedianIsOfTheMiddle) {
  Timed timed;
  EXPECT_EQ(timed.median(), 0);
  timed.seconds = {3, 1, 2};
  EXPECT_EQ(timed.median(), 2);
  timed.seconds.push_back(4);
  EXPECT_EQ(timed.median(), 2.5);
}

}  // namespace
}  // namespace flashdiff::timing
