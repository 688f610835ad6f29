#include "harness/softcuda/exec/host_threads.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace softcuda::exec {
namespace {

/// Counts `items` by `count` threads, as blocks are run; whether each was taken once.
bool each_once(HostThreads& threads, unsigned count, int items) {
  std::vector<std::atomic<int>> taken(static_cast<std::size_t>(items));
  std::vector<std::atomic<int>> calls(count);
  std::atomic<int> next{0};
  threads.run(count, [&](unsigned number) {
    ++calls[number];
    for (int item = next++; item < items; item = next++) ++taken[static_cast<std::size_t>(item)];
  });
  bool good = calls[0] == 1;
  for (const auto& call : calls) good = good && call <= 1;
  for (const auto& one : taken) good = good && one == 1;
  return good;
}

TEST(HostThreads, TakeEachItemOnceLaunchAfterLaunchForAnyNumberOfThreads) {
  HostThreads threads;
  for (int launch = 0; launch < 200; ++launch) {
    for (const unsigned count : {1u, 2u, 5u, 3u}) ASSERT_TRUE(each_once(threads, count, launch % 17));
  }
}

/// Calls that wait for one another, as blocks may for earlier ones: all threads must be there.
bool together(HostThreads& threads, int count) {
  std::atomic<int> here{0}, inside{0};
  threads.run(static_cast<unsigned>(count), [&](unsigned) {
    ++inside;
    ++here;
    while (here < count) std::this_thread::yield();
    --inside;
  });
  return here == count && inside == 0;
}

TEST(HostThreads, WorkTogetherAndAreDoneWhenRunReturns) {
  HostThreads threads;
  for (int launch = 0; launch < 50; ++launch) ASSERT_TRUE(together(threads, 2 + launch % 3));
}

TEST(HostThreads, AForkedChildHasItsOwn) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not let the child of several threads start threads";
#endif
  auto threads = std::make_unique<HostThreads>();
  ASSERT_TRUE(together(*threads, 3));
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);  // what waits for threads that a child has not waits for ever
    const bool good = together(*threads, 3);
    threads.reset();
    _exit(good ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_TRUE(together(*threads, 3));
}

}  // namespace
}  // namespace softcuda::exec
