#pragma once
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace flashdiff {

/// Who is to blame for an outcome that is not a value; the command line turns it into an exit code.
enum class ErrorKind {
  bad_input,     ///< what the user gave cannot be used: exit code 2
  unsupported,   ///< a backend says no, with a reason: never a failure
  device_fault,  ///< the device stopped a launch (illegal address, race, limit): a verdict about the kernel
  harness,       ///< flashdiff itself failed (a lost worker, a broken invariant): exit code 3
  crash,         ///< a process that a backend answers from died of a case: a verdict about the kernel
  timeout,       ///< it did not end, and was ended: likewise
};

/// One line for people: what was wrong, what was expected, where. `detail` may hold more lines (a fault's
/// full report).
struct Error {
  ErrorKind kind = ErrorKind::harness;
  std::string what;
  std::string detail;
};

template <class T>
using Outcome = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string what, std::string detail = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(what), std::move(detail)});
}
[[nodiscard]] inline tl::unexpected<Error> bad_input(std::string what) {
  return fail(ErrorKind::bad_input, std::move(what));
}
[[nodiscard]] inline tl::unexpected<Error> unsupported(std::string why) {
  return fail(ErrorKind::unsupported, std::move(why));
}
[[nodiscard]] inline tl::unexpected<Error> harness_error(std::string what) {
  return fail(ErrorKind::harness, std::move(what));
}

}  // namespace flashdiff
