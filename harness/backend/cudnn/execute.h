#pragma once
#include "harness/backend/cudnn/engine.h"
#include "harness/backend/cudnn/plan_file.h"
#include "harness/backend/cudnn/wire.h"
#include "harness/driver/driver.h"

namespace flashdiff::cudnn {

/// In cuDNN's process: plan, uploads, a workspace full of poison, the call, downloads into the block. The
/// device's context must be current. Errors: unsupported (cuDNN's no), device_fault, and harness for what
/// kept it from being executed: not a word about the kernel.
[[nodiscard]] Outcome<Ran> execute(Engine& engine, const driver::Driver& driver, const PlanMaker& maker,
                                   const Execution& asked);

}  // namespace flashdiff::cudnn
