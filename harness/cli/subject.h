#pragma once
#include <map>
#include <string>
#include <vector>

#include "harness/backend/answerers/registry.h"
#include "harness/outcome/outcome.h"

namespace CLI {
class App;
}

namespace flashdiff::cli {

/// Who is examined, as the user's words.
struct SubjectWords {
  std::vector<std::string> backends;  ///< empty: every in-repo kernel of the pass; on a GPU cuDNN as well
  std::string device = "auto";
  std::vector<std::string> images;  ///< KERNEL=FILE
  std::vector<std::string> soft;    ///< KEY=VALUE
};
/// --backend, --device, --image, --soft.
void add_subject_options(CLI::App& command, SubjectWords& words);

struct Subject {
  std::vector<std::string> backends;
  BackendOptions options;
  std::string not_asked;  ///< "cudnn (it executes on a GPU only)": who would have been, and why not; or empty
};
/// Whom nobody has named is asked for `pass`. Errors: an unknown backend, an image for an unknown kernel, by
/// what was expected.
[[nodiscard]] Outcome<Subject> subject_of(const SubjectWords& words, Pass pass = Pass::forward);

/// What `repro` must be told besides a case's line to run it as this subject: CaseRecord::repro_options.
[[nodiscard]] std::string repro_options(const SubjectWords& words, const std::string& backend);

/// The command of a worker process that serves the subject: this program again.
[[nodiscard]] std::vector<std::string> worker_command(const Subject& subject);

/// Backend -> what it runs on, as records name it: "softcuda sm_80", "NVIDIA H200", "cpu". Errors: no such
/// device.
[[nodiscard]] Outcome<std::map<std::string, std::string>> devices_of(const Subject& subject);

}  // namespace flashdiff::cli
