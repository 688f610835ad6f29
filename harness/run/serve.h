#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/outcome/outcome.h"

namespace flashdiff {

/// The worker process's life: says on detail::Process::answer_fd whether the backends are open, then answers
/// each line of standard input, {"backend": name, "case": repro line}, with {"verdict", "device_ms",
/// "reference_ms"}, until the input ends. False where `backends` is an error.
[[nodiscard]] bool serve(const Outcome<std::vector<std::unique_ptr<Backend>>>& backends);

}  // namespace flashdiff
