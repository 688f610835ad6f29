#pragma once
#include <memory>
#include <string>

#include "harness/backend/answerers/registry.h"
#include "harness/backend/backend.h"
#include "kernels/kernel.h"

namespace flashdiff {

/// The Eigen reference as an answerer: its double results rounded to the problem's dtype. A second column
/// where no device is, and what the harness tests itself with.
[[nodiscard]] std::unique_ptr<Backend> reference_backend();

/// An in-repo kernel on the driver that `options` chooses. Errors: unsupported (no such device), bad_input
/// (an image of options.images that cannot be read, does not parse, or lacks an entry).
[[nodiscard]] Outcome<std::unique_ptr<Backend>> flash_backend(const kernels::Kernel& kernel,
                                                              const BackendOptions& options);

/// A PTX file of the user's. Errors: bad_input with the path and what was expected.
[[nodiscard]] Outcome<std::string> read_image(const std::string& path);

}  // namespace flashdiff
