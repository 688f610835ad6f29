#include "harness/backend/cudnn/answer.h"

namespace flashdiff::cudnn {

const char* name_of(Said said) {
  switch (said) {
    case Said::yes: return "yes";
    case Said::no: return "no";
    case Said::unasked: break;
  }
  return "unasked";
}

const char* name_of(By by) {
  switch (by) {
    case By::graph: return "graph";
    case By::known_wrong: return "known-wrong";
    case By::frontend: return "frontend";
    case By::operation: return "operation";
    case By::engines: return "engines";
    case By::filters: return "filters";
    case By::build: return "build";
    case By::nobody: break;
  }
  return "nobody";
}

}  // namespace flashdiff::cudnn
