#include "harness/cli/version.h"

#include "harness/cli/commit.h"

namespace flashdiff::cli {

const char* version() { return FLASHDIFF_VERSION; }
const char* commit() { return FLASHDIFF_COMMIT; }
const char* nvcc_version() { return FLASHDIFF_NVCC_VERSION; }

}  // namespace flashdiff::cli
