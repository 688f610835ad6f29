#include "harness/cli/processor.h"

// Compiled with the processor's flags, as the rest of the program is.

namespace flashdiff::cli {

// A predefined macro is 1 where the flags allow the extension, and stays its own name where they do not.
#define TEXT_OF(word) #word
#define EXPANDED(word) TEXT_OF(word)
#define X(name, word) .word = EXPANDED(__##word##__)[0] == '1',
constinit const ProcessorNeeds processor_needs{FLASHDIFF_PROCESSOR_EXTENSIONS(X)};
#undef X

}  // namespace flashdiff::cli
