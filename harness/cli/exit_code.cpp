#include "harness/cli/exit_code.h"

#include <cstdio>

#include <fmt/format.h>

#include "reports/text.h"

namespace flashdiff::cli {

ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input: return bad_usage;
    case ErrorKind::unsupported: return incomplete;
    case ErrorKind::device_fault:
    case ErrorKind::crash:
    case ErrorKind::timeout:
    case ErrorKind::harness: break;
  }
  return harness_failed;
}

ExitCode complain(const Error& error) {
  fmt::print(stderr, "flashdiff: {}\n", one_line(error.what));
  return exit_code_of(error.kind);
}

}  // namespace flashdiff::cli
