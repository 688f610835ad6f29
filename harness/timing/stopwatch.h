#pragma once
#include <functional>

#include "harness/driver/driver.h"
#include "harness/outcome/outcome.h"
#include "harness/timing/sensors.h"
#include "harness/timing/timed.h"

namespace flashdiff::timing {

/// Times what `launch` puts into the default stream of the current context, without waiting for it. Each
/// sample:
///
///   flush, or the launch once more   so that the device is busy while the host goes on: no launch latency
///   event                            is between the events
///   launch
///   event
///
/// Flush: a memset of twice the device's L2 cache. Clock, power and what throttles are read while the sample
/// runs; a throttled sample is discarded and counted. `sensors` null: nothing is read, nothing discarded; the
/// caller says why in Timed::without_sensors. Errors: the driver's; harness where too many samples were
/// throttled; that of `launch`.
[[nodiscard]] Outcome<Timed> time_launches(const driver::Driver& driver, const Sensors* sensors,
                                           const std::function<Outcome<void>()>& launch,
                                           const TimingPlan& plan);

/// The same with the sensors of the driver's device, where they are there.
[[nodiscard]] Outcome<Timed> time_launches(const driver::Driver& driver,
                                           const std::function<Outcome<void>()>& launch,
                                           const TimingPlan& plan);

}  // namespace flashdiff::timing
