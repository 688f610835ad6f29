#include "properties/tests/cli/program.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace flashdiff::test {
namespace {

/// An unnamed file that takes what a program prints: unlike a pipe, it never fills up.
class Catch {
 public:
  Catch() : file_(std::tmpfile()) {
    if (file_ == nullptr) throw std::runtime_error("no temporary file");
  }
  ~Catch() { std::fclose(file_); }
  Catch(const Catch&) = delete;
  Catch& operator=(const Catch&) = delete;
  [[nodiscard]] int descriptor() const { return fileno(file_); }
  [[nodiscard]] std::string text() const {
    std::string all;
    char bytes[4096];
    std::rewind(file_);
    while (const std::size_t n = std::fread(bytes, 1, sizeof bytes, file_)) all.append(bytes, n);
    return all;
  }

 private:
  std::FILE* file_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

Said run_program(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                 int signal, const std::function<bool()>& due) {
  Catch out, err;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.descriptor(), STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(&files, FLASHDIFF_SOURCE_DIR);
  std::vector<std::string> words = command, settings = environment;
  for (const char* name :
       {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"})
    if (const char* value = std::getenv(name); value != nullptr)
      settings.push_back(std::string(name) + '=' + value);
  pid_t pid = -1;
  const int failed =
      posix_spawn(&pid, words[0].c_str(), &files, nullptr, pointers(words).data(), pointers(settings).data());
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) throw std::runtime_error("cannot start " + words[0]);
  int status = 0;
  bool ended = false;
  if (signal != 0) {
    const auto latest = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!ended && !due() && std::chrono::steady_clock::now() < latest) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ended = waitpid(pid, &status, WNOHANG) == pid;
    }
    if (!ended) kill(pid, signal);
  }
  if (!ended) waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), out.text(), err.text()};
}

Said flashdiff(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  std::vector<std::string> command{FLASHDIFF_BINARY_DIR "/flashdiff"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_program(command, environment);
}

Said flashdiff_with_signal(const std::vector<std::string>& arguments, int signal,
                           const std::function<bool()>& due) {
  std::vector<std::string> command{FLASHDIFF_BINARY_DIR "/flashdiff"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_program(command, {}, signal, due);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace flashdiff::test
