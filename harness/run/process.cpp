#include "harness/run/process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run/memory.h"

extern char** environ;

namespace flashdiff::detail {

Outcome<Process> Process::start(const std::vector<std::string>& command) {
  // Close-on-exec, so that a worker does not hold its neighbours' pipes open; dup2 takes the flag off.
  int ask[2], answer[2];
  if (pipe2(ask, O_CLOEXEC) != 0) return harness_error(fmt::format("pipe: {}", std::strerror(errno)));
  if (pipe2(answer, O_CLOEXEC) != 0) {
    close(ask[0]);
    close(ask[1]);
    return harness_error(fmt::format("pipe: {}", std::strerror(errno)));
  }
  // An end that is descriptor 3 by chance would keep its close-on-exec flag under dup2.
  const int reading = fcntl(ask[0], F_DUPFD_CLOEXEC, 10), writing = fcntl(answer[1], F_DUPFD_CLOEXEC, 10);
  close(ask[0]);
  close(answer[1]);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, reading, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, writing, answer_fd);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);  // our standard output is data
  // Ctrl-C is for the parent: it ends its workers when their cases are done.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  // A process group of its own keeps Ctrl-C away; a batch system that ends a job sends TERM to each process.
  // When to end is its parent's to say: else the case in flight would be a crash of the kernel.
  sigset_t parents;
  sigemptyset(&parents);
  sigaddset(&parents, SIGTERM);
  sigaddset(&parents, SIGINT);
  posix_spawnattr_setsigmask(&attributes, &parents);
  posix_spawnattr_setpgroup(&attributes, 0);

  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  close(reading);
  close(writing);
  if (failed != 0) {
    close(ask[1]);
    close(answer[0]);
    return harness_error(fmt::format("cannot start {}: {}", command[0], std::strerror(failed)));
  }
  return Process(pid, ask[1], answer[0]);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      to_(std::exchange(other.to_, -1)),
      from_(std::exchange(other.from_, -1)),
      heard_(std::move(other.heard_)) {}
Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(to_, other.to_);
  std::swap(from_, other.from_);
  std::swap(heard_, other.heard_);
  return *this;
}
Process::~Process() {
  if (pid_ > 0) (void)end();
}

namespace {

bool write_line(int to, std::string line) {
  line += '\n';
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = write(to, line.data() + sent, line.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

bool Process::say(std::string line) { return write_line(answer_fd, std::move(line)); }
bool Process::ask(std::string line) { return write_line(to_, std::move(line)); }

Process::Heard Process::answer(std::string& line, std::chrono::steady_clock::time_point deadline,
                               std::uint64_t most_bytes) {
  const std::int64_t longest_wait = most_bytes > 0 ? 20 : 1'000'000;  // in milliseconds
  for (;;) {
    if (const auto end = heard_.find('\n'); end != std::string::npos) {
      line = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      return Heard::line;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Heard::late;
    pollfd wait{from_, POLLIN, 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left.count(), longest_wait)));
    if (ready < 0 && errno != EINTR) return Heard::closed;
    if (ready <= 0 && most_bytes > 0 && resident_bytes(pid_) > most_bytes) return Heard::too_large;
    if (ready <= 0) continue;
    char bytes[65536];
    const ssize_t n = read(from_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Heard::closed;
    heard_.append(bytes, static_cast<std::size_t>(n));
  }
}

void Process::close_all() {
  if (to_ >= 0) close(std::exchange(to_, -1));
  if (from_ >= 0) close(std::exchange(from_, -1));
}

std::string Process::end() {
  close_all();
  int status = 0;
  // What has died by itself tells how; what still runs is killed.
  pid_t got = 0;
  for (int tries = 0; tries < 50 && got == 0; ++tries) {
    got = waitpid(pid_, &status, WNOHANG);
    if (got == 0) usleep(2000);
  }
  const bool by_us = got == 0;
  if (by_us) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
  if (by_us) return "killed";
  if (WIFSIGNALED(status))
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace flashdiff::detail
