#include <cstdlib>  // defines __GLIBC__ where it is
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "harness/cli/command_line.h"

namespace {

/// One case after the other asks for the same few MB and frees them. glibc gives such memory back to the
/// system each time, or takes it from there, and the next case pays a page fault for every 4 KiB: up to a
/// tenth of what judging takes. What is larger than a case still goes back.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMiB = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 32 * kMiB);  // the most that all versions take
  mallopt(M_TRIM_THRESHOLD, 128 * kMiB);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  return flashdiff::cli::run_command_line(argc, argv);
}
