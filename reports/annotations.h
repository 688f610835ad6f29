#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "reports/model.h"

namespace flashdiff {

/// What GitHub shows of a kind and step is ten; the tenth says how many more there are.
inline constexpr std::size_t most_annotations = 9;

/// Failures as workflow commands of GitHub Actions (docs.github.com, "Workflow commands"), a line each, to be
/// printed: "::error file=kernels/flash_forward.cu,line=88,title=fault in flash_forward::...". File and line
/// are the first that a fault's report names, without `root`, the folder that GitHub's paths begin at; a
/// failure that names none has none. The foremost ones, at most `most_annotations`, then one that counts the
/// others.
[[nodiscard]] std::vector<std::string> annotations(const Report& report, const std::filesystem::path& root);

/// A message as a workflow command carries it: %, line breaks and, of a property, : and , as %25 and the
/// like.
[[nodiscard]] std::string command_escaped(std::string_view text, bool property);

}  // namespace flashdiff
