#pragma once

namespace flashdiff::cli {

[[nodiscard]] const char* version();       ///< "0.1.0"
[[nodiscard]] const char* commit();        ///< "0123456789ab", with "+changes" where the tree had some
[[nodiscard]] const char* nvcc_version();  ///< of the compiler that made the kernels, "13.0.88"

}  // namespace flashdiff::cli
