#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/outcome/outcome.h"
#include "harness/run/related.h"

namespace flashdiff {

/// Something else that is said of a backend's answer to a case, in one word or none.
using Aside = std::function<std::string(Backend&, const Case&)>;

/// The worker process's life: says on detail::Process::answer_fd whether the backends are open, then answers
/// each line of standard input, {"backend": name, "case": repro line, "relations": which, "of_failures":
/// whether}, with {"verdict", "device_ms", "reference_ms", "relations": names of those tried}, until the
/// input ends; with `aside` also {"aside"}, but not where the device is broken. Where the case has failed by
/// itself,
/// {"broken"} is the relation that its answer broke besides, and {"device_broken"} says that this took the
/// device along. {"cross": [names], "case": repro line} is answered with {"crossed"}, see crossed.h. False
/// where `backends` is an error.
[[nodiscard]] bool serve(const Outcome<std::vector<std::unique_ptr<Backend>>>& backends,
                         const Aside& aside = {}, const Relate& relate = {});

}  // namespace flashdiff
