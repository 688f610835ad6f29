#pragma once
#include <string>
#include <vector>

#include "harness/lint/array_file.h"
#include "harness/lint/step.h"

namespace flashdiff::lint {

/// What stands beside the masks, as the command line has it: "FILE" or "FILE:NAME", none, or one a step. What
/// is not named is looked for in the mask's own file, by the names in README.md.
struct SideFiles {
  std::vector<std::string> positions, spans, ids, cache_lengths, slots;
  std::vector<std::int64_t> image_tokens;  ///< ids of image and video placeholders
};
/// Folders become their files. Errors: a list that has neither no file nor one for each of the steps.
[[nodiscard]] Outcome<SideFiles> a_file_a_step(SideFiles files, std::size_t steps);

/// Reads what there is for step `i`, whose mask comes from `own`. Errors: what does not fit the step.
[[nodiscard]] Outcome<void> read_sides(Step& step, const ArrayFile& own, const SideFiles& files,
                                       std::size_t i);

}  // namespace flashdiff::lint
