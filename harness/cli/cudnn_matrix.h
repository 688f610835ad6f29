#pragma once
#include <string>
#include <vector>

#include "harness/cli/terminal.h"
#include "harness/outcome/outcome.h"

namespace CLI {
class App;
}

namespace flashdiff::cli {

/// `backends --matrix`: what cuDNN says to every class of problems, for GPUs that are not there.
struct CudnnMatrixWords {
  bool wanted = false;
  std::vector<std::string> profiles;  ///< empty: all
  std::string out, json, plans;       ///< folder for the page, file, folder for serialised plans; empty: none
  int build = 0;                      ///< plans to build a profile
  bool every = false;
  TerminalWords terminal;
};
void add_cudnn_matrix_options(CLI::App& command, CudnnMatrixWords& words);

/// Why cuDNN answers no cases here, for the list of backends: what is missing, or that it executes on a GPU
/// only.
[[nodiscard]] std::string why_no_cudnn();

/// The exit code: as expected; incomplete where no profile could be asked at all, with the reason.
[[nodiscard]] int run_cudnn_matrix(const CudnnMatrixWords& words);

/// The same as JSON for `report --support`, of GPUs by name, without a plan built. Errors: a GPU that is not
/// known; unsupported where cuDNN cannot be asked, with the reason.
[[nodiscard]] Outcome<std::string> cudnn_matrix(const std::vector<std::string>& profiles,
                                                const Terminal& terminal);

}  // namespace flashdiff::cli
