#pragma once
#include <cstdint>
#include <string>

namespace flashdiff::cudnn {

/// What cuDNN says of a graph. `unasked`: no answer was to be had (a library is missing, its process died or
/// took too long): never a no.
enum class Said : std::uint8_t { yes, no, unasked };
[[nodiscard]] const char* name_of(Said);

/// How far it was asked, and who said the last word.
enum class By : std::uint8_t {
  graph,        ///< cuDNN's graph has no word for it: said here, cuDNN was not asked
  known_wrong,  ///< this version is known to answer wrongly: said here, with evidence
  frontend,     ///< a rule of cudnn_frontend (validate)
  operation,    ///< cuDNN itself, while it made the operation graph
  engines,      ///< cuDNN's heuristics: engines offered, or none
  filters,      ///< check_support: engines offered, none within shared memory or workspace
  build,        ///< build_plans: a plan was compiled, or could not be
  nobody        ///< said `unasked`
};
[[nodiscard]] const char* name_of(By);

/// A yes is no proof of execution: only a GPU executes.
struct Answer {
  Said said = Said::unasked;
  By by = By::nobody;
  std::string why;     ///< of a no and of what could not be asked, in cuDNN's words where they are its own
  int engines = 0;     ///< plans that its heuristics offer
  std::string engine;  ///< name of the first one, with its knobs
  std::int64_t workspace_bytes = 0;  ///< of the one that was built; -1: not known before
  std::string kernel;                ///< built only: what it asks the driver for
  std::int64_t plan_bytes = 0;       ///< built only: serialised
  bool operator==(const Answer&) const = default;
};

}  // namespace flashdiff::cudnn
