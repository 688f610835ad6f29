#pragma once
#include <string>
#include <vector>

#include "harness/lint/phases.h"
#include "harness/lint/read_sides.h"
#include "harness/lint/step.h"

namespace flashdiff::lint {

/// What to read, as the command line has it.
struct Input {
  std::vector<std::string> masks;  ///< files, a step each, and folders of them
  std::string array;  ///< the mask's name in .npz and .safetensors; empty: attention_mask, or the only one
  StepWords words{};
  SideFiles sides{};
};

/// The steps in the order given; a folder's files in the order of their names, numbers by value (step10
/// behind step9). Errors: what cannot be read or does not fit together.
[[nodiscard]] Outcome<std::vector<Step>> read_steps(const Input& input);

/// Other masks of the same batches, one for each of `steps`; of a width of their own. Errors: another number
/// of files or of rows.
[[nodiscard]] Outcome<std::vector<Step>> read_against(const std::vector<std::string>& masks,
                                                      const std::string& array,
                                                      const std::vector<Step>& steps);

}  // namespace flashdiff::lint
