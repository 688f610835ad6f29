#pragma once
#include <memory>
#include <optional>
#include <string>

#include "harness/backend/backend.h"
#include "harness/backend/cudnn/ask.h"
#include "harness/backend/cudnn/graph.h"
#include "harness/driver/driver.h"

namespace flashdiff {

/// How cuDNN is asked for every batch.
struct CudnnHanding {
  std::optional<cudnn::Way>
      way{};               ///< none: as it lies, by lengths where rows begin at row 0, else by offsets
  bool inference = false;  ///< O alone: no LSE is asked for
};

/// cuDNN as an answerer, in a process of its own. On a GPU it executes; on softcuda plans are made, for
/// sm_90's profile, and every answer is an error that says why nothing was executed. `automatic`: a GPU where
/// there is one. FLASHDIFF_CUDNN_PLANS: a folder of saved plans. Errors (unsupported): what is not there, by
/// name.
[[nodiscard]] Outcome<std::unique_ptr<Backend>> cudnn_backend(std::string name, CudnnHanding handing,
                                                              DeviceChoice device);

/// The same around whatever answers as cuDNN's process does, for the GPU of a profile. What runs a case for
/// longer than so many seconds is ended: a timeout.
[[nodiscard]] Outcome<std::unique_ptr<Backend>> cudnn_backend(
    std::string name, CudnnHanding handing, const std::vector<std::string>& command,
    double longest_run_seconds = cudnn::Asker::longest_run);

}  // namespace flashdiff
