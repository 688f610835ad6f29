#include "harness/timing/stopwatch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "harness/driver/handles.h"

namespace flashdiff::timing {
namespace {

using driver::DeviceBuffer;
using driver::Driver;

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// A point in the stream whose time the device writes down.
class Event {
 public:
  [[nodiscard]] static Outcome<Event> create(const Driver& driver) {
    CUevent event = nullptr;
    if (auto made = driver.check(driver.api().cuEventCreate(&event, CU_EVENT_DEFAULT), "cuEventCreate");
        !made)
      return tl::unexpected<Error>(std::move(made.error()));
    return Event(driver, event);
  }
  Event(Event&& other) noexcept : driver_(other.driver_), event_(std::exchange(other.event_, nullptr)) {}
  Event& operator=(Event&&) = delete;
  ~Event() {
    if (event_ != nullptr) (void)driver_->api().cuEventDestroy(event_);
  }
  [[nodiscard]] Outcome<void> record() const {
    return driver_->check(driver_->api().cuEventRecord(event_, nullptr), "cuEventRecord");
  }
  [[nodiscard]] Outcome<void> wait() const {
    return driver_->check(driver_->api().cuEventSynchronize(event_), "cuEventSynchronize");
  }
  [[nodiscard]] Outcome<double> seconds_since(const Event& earlier) const {
    constexpr double kMilli = 1e-3;
    float milliseconds = 0;
    return driver_
        ->check(driver_->api().cuEventElapsedTime(&milliseconds, earlier.event_, event_),
                "cuEventElapsedTime")
        .map([&] { return kMilli * static_cast<double>(milliseconds); });
  }

 private:
  Event(const Driver& driver, CUevent event) : driver_(&driver), event_(event) {}
  const Driver* driver_;
  CUevent event_;
};

/// What stands before each sample.
class Before {
 public:
  [[nodiscard]] static Outcome<Before> make(const Driver& driver,
                                            const std::function<Outcome<void>()>& launch, L2 l2) {
    if (l2 == L2::keep) return Before(driver, launch, {});
    CUdevice device = 0;
    int bytes = 0;
    Outcome<void> asked = driver.check(driver.api().cuCtxGetDevice(&device), "cuCtxGetDevice");
    if (asked)
      asked =
          driver.check(driver.api().cuDeviceGetAttribute(&bytes, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, device),
                       "cuDeviceGetAttribute");
    if (!asked) return tl::unexpected<Error>(std::move(asked.error()));
    auto buffer = DeviceBuffer::allocate(driver, 2 * static_cast<std::size_t>(bytes));
    if (!buffer) return tl::unexpected<Error>(std::move(buffer.error()));
    return Before(driver, launch, std::move(*buffer));
  }
  [[nodiscard]] Outcome<void> enqueue() {
    if (!flushed_) return (*launch_)();
    return driver_->check(
        driver_->api().cuMemsetD32Async(flushed_->address(), ++value_, flushed_->bytes() / 4, nullptr),
        "cuMemsetD32Async");
  }

 private:
  Before(const Driver& driver, const std::function<Outcome<void>()>& launch,
         std::optional<DeviceBuffer> flushed)
      : driver_(&driver), launch_(&launch), flushed_(std::move(flushed)) {}
  const Driver* driver_;
  const std::function<Outcome<void>()>* launch_;
  std::optional<DeviceBuffer> flushed_;
  unsigned value_ = 0;
};

}  // namespace

const char* name_of(L2 l2) { return l2 == L2::flush ? "flush" : "keep"; }

double Timed::median() const { return median_of(seconds); }

Outcome<Timed> time_launches(const Driver& driver, const Sensors* sensors,
                             const std::function<Outcome<void>()>& launch, const TimingPlan& plan) {
  const auto failed = [](Error error) { return tl::unexpected<Error>(std::move(error)); };
  auto before = Before::make(driver, launch, plan.l2);
  if (!before) return failed(std::move(before.error()));
  const auto start = Event::create(driver), stop = Event::create(driver);
  if (!start || !stop) return failed((start ? stop : start).error());
  for (int i = 0; i < plan.warm_ups; ++i)
    if (auto launched = launch(); !launched) return failed(std::move(launched.error()));

  Timed timed;
  std::uint64_t reasons = 0;
  std::vector<double> megahertz, watts;
  const auto sample = [&]() -> Outcome<void> {
    Outcome<void> done = before->enqueue();
    if (done) done = start->record();
    if (done) done = launch();
    if (done) done = stop->record();
    if (!done) return done;
    Reading reading;
    if (sensors != nullptr) {
      const Outcome<Reading> read = sensors->read();
      if (!read) return failed(read.error());
      reading = *read;
    }
    if (done = stop->wait(); !done) return done;
    if (reading.throttled()) {
      ++timed.discarded;
      reasons |= reading.reasons;
      return {};
    }
    return stop->seconds_since(*start).map([&](double seconds) {
      timed.seconds.push_back(seconds);
      megahertz.push_back(reading.sm_megahertz);
      watts.push_back(reading.watts);
    });
  };
  const auto began = std::chrono::steady_clock::now();
  const auto enough = [&] {
    const int kept = static_cast<int>(timed.seconds.size());
    if (kept < plan.at_least) return false;
    return kept >= plan.at_most ||
           std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() >= plan.seconds;
  };
  while (!enough()) {
    if (auto done = sample(); !done) return failed(std::move(done.error()));
    if (timed.discarded >= plan.most_discarded)
      return harness_error(fmt::format("no time: of {} launches {} were throttled ({})",
                                       timed.discarded + static_cast<int>(timed.seconds.size()),
                                       timed.discarded, throttling_in_words(reasons)));
  }
  timed.throttled_by = throttling_in_words(reasons);
  timed.sm_megahertz = median_of(std::move(megahertz));
  timed.watts = median_of(std::move(watts));
  return timed;
}

Outcome<Timed> time_launches(const Driver& driver, const std::function<Outcome<void>()>& launch,
                             const TimingPlan& plan) {
  const Outcome<Sensors> sensors = Sensors::open(driver);
  Outcome<Timed> timed = time_launches(driver, sensors ? &*sensors : nullptr, launch, plan);
  if (timed && !sensors) timed->without_sensors = sensors.error().what;
  return timed;
}

}  // namespace flashdiff::timing
