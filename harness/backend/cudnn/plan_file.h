#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

/// Serialised plans in files: compiled for a GPU that need not be there, loaded on one that is.
namespace flashdiff::cudnn {

/// What a plan was compiled by and for. Another version, or a GPU of another name, has other kernels and
/// other heuristics: its plans are not taken.
struct PlanMaker {
  int cudnn = 0;  ///< 91900
  int sm = 0;
  std::string device;  ///< "NVIDIA H100 80GB HBM3"
};

/// Where a folder has the plan of a graph (key_of()): a name by GPU, version and a hash of the graph.
[[nodiscard]] std::string plan_file(const std::string& folder, const PlanMaker& maker,
                                    const std::string& key);

/// A line of JSON, {"flashdiff_plan": 1, "cudnn", "sm", "device", "graph"}, then cuDNN's bytes. Errors
/// (bad_input): a file that cannot be written.
[[nodiscard]] Outcome<void> write_plan(const std::string& file, const PlanMaker& maker,
                                       const std::string& key, const std::vector<std::uint8_t>& plan);

/// Errors (unsupported): what of the file does not fit, by name; nothing is there.
[[nodiscard]] Outcome<std::vector<std::uint8_t>> read_plan(const std::string& file, const PlanMaker& maker,
                                                           const std::string& key);

}  // namespace flashdiff::cudnn
