#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/outcome/outcome.h"

namespace flashdiff {

/// Something else that is said of a backend's answer to a case, in one word or none.
using Aside = std::function<std::string(Backend&, const Case&)>;

/// The worker process's life: says on detail::Process::answer_fd whether the backends are open, then answers
/// each line of standard input, {"backend": name, "case": repro line}, with {"verdict", "device_ms",
/// "reference_ms"}, until the input ends; with `aside` also {"aside"}, but not where the device is broken.
/// False where `backends` is an error.
[[nodiscard]] bool serve(const Outcome<std::vector<std::unique_ptr<Backend>>>& backends,
                         const Aside& aside = {});

}  // namespace flashdiff
