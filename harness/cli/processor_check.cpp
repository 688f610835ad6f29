#include <cstring>

#include <unistd.h>

#include "harness/cli/processor.h"

// Compiled without the processor's flags, and without any header whose inline functions the linker might take
// from a file that was compiled with them.

namespace flashdiff::cli {
namespace {

[[maybe_unused]] void say(const char* text) {
  [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, text, std::strlen(text));
}

/// Before the constructors of all other files: those are compiled with the flags already.
[[gnu::constructor(101)]] void check_processor() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  const char* missing = nullptr;
#define X(name, word) \
  if (processor_needs.word && !__builtin_cpu_supports(name)) missing = name;
  FLASHDIFF_PROCESSOR_EXTENSIONS(X)
#undef X
  if (missing == nullptr) return;
  say("flashdiff: built for another processor than this one, which lacks ");
  say(missing);
  say("; run ./run build here, or build with -DFLASHDIFF_ARCH=x86-64-v3\n");
  _exit(3);
#endif
}

}  // namespace
}  // namespace flashdiff::cli
