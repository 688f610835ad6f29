#pragma once
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::cudnn {

/// A GPU as cuDNN sees it: the JSON that its device properties are read from.
struct Profile {
  std::string name;  ///< "sm_90"
  std::string file;
  int sm = 0;                               ///< 90
  std::string device;                       ///< "NVIDIA H100 80GB HBM3"
  bool read_off_a_device = false;           ///< else written by hand, out of published figures
  [[nodiscard]] std::string about() const;  ///< "NVIDIA A100 (a profile made by hand)"
};

/// All that are there, in the order of their sm: profiles/*.json of this folder, or of the folder that
/// FLASHDIFF_CUDNN_PROFILES names. Errors (bad_input): a file that is none.
[[nodiscard]] Outcome<std::vector<Profile>> profiles();
/// By name. Errors (bad_input): unknown, with those that there are.
[[nodiscard]] Outcome<Profile> profile_of(const std::string& name);

}  // namespace flashdiff::cudnn
