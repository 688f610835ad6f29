#include "harness/cli/live_line.h"

#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace flashdiff::cli {
namespace {

using namespace std::chrono_literals;

std::size_t columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// As many cells as fit beside `text`, in a bar of at most 30.
std::string bar(double done, std::size_t room) {
  const std::size_t cells = std::min<std::size_t>(30, room);
  const auto full = static_cast<std::size_t>(done * static_cast<double>(cells));
  return cells < 5 ? "" : '[' + std::string(full, '=') + std::string(cells - full, ' ') + "] ";
}

}  // namespace

void LiveLine::clear() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

void LiveLine::say(const std::string& line) {
  clear();
  fmt::print(stderr, "{}\n", line);
}

void LiveLine::show(const std::string& words, double done) {
  const std::string line = terminal_.prefix + words;
  const auto now = Clock::now();
  if (terminal_.progress == ProgressStyle::none) return;
  if (terminal_.progress == ProgressStyle::plain) {
    const bool due = now - last_ > 30s || (done - done_ >= 0.05 && now - last_ > 2s);
    if (!due) return;
    fmt::print(stderr, "{}\n", line);
  } else {
    if (drawn_ && now - last_ < 100ms) return;
    const std::size_t width = columns();
    const std::size_t room = width > line.size() + 4 ? width - line.size() - 4 : 0;
    fmt::print(stderr, "\r{}{}\x1b[K", bar(done, room), line.substr(0, width - 1));
    std::fflush(stderr);
    drawn_ = true;
  }
  last_ = now;
  done_ = done;
}

}  // namespace flashdiff::cli
