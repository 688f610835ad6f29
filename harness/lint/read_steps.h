#pragma once
#include <string>
#include <vector>

#include "harness/lint/phases.h"
#include "harness/lint/step.h"

namespace flashdiff::lint {

/// What to read, as the command line has it.
struct Input {
  std::vector<std::string> masks;  ///< files, a step each, and folders of them
  std::string array;  ///< the mask's name in .npz and .safetensors; empty: attention_mask, or the only one
  StepWords words;
};

/// The steps in the order given; a folder's files in the order of their names, numbers by value (step10
/// behind step9). Errors: what cannot be read or does not fit together.
[[nodiscard]] Outcome<std::vector<Step>> read_steps(const Input& input);

}  // namespace flashdiff::lint
