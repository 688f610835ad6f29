#include "harness/softcuda/exec/host_threads.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <unistd.h>

namespace softcuda::exec {

struct HostThreads::Crew {
  const pid_t process = getpid();
  std::mutex mutex;
  std::condition_variable wake, done;
  const std::function<void(unsigned)>* work = nullptr;
  unsigned next = 0, end = 0;  ///< calls of `work` that no thread has taken yet
  unsigned busy = 0;           ///< threads in a call
  bool over = false;
  std::vector<std::thread> threads;

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return over || next < end; });
      if (over) return;
      const auto& mine = *work;
      const unsigned number = next++;
      ++busy;
      lock.unlock();
      mine(number);
      lock.lock();
      if (--busy == 0) done.notify_one();
    }
  }
};

HostThreads::HostThreads() = default;

HostThreads::~HostThreads() {
  if (!crew_) return;
  if (crew_->process != getpid()) {
    (void)crew_.release();  // NOLINT: a forked child has none of the threads, and nothing to join
    return;
  }
  {
    const std::lock_guard lock(crew_->mutex);
    crew_->over = true;
  }
  crew_->wake.notify_all();
  for (std::thread& thread : crew_->threads) thread.join();
}

/// After a fork the child has the crew's memory and none of its threads: it takes another.
void HostThreads::hire(unsigned count) {
  if (!crew_ || crew_->process != getpid()) {
    (void)crew_.release();  // NOLINT: its threads cannot be joined here
    crew_ = std::make_unique<Crew>();
  }
  while (crew_->threads.size() < count) crew_->threads.emplace_back([crew = crew_.get()] { crew->serve(); });
}

void HostThreads::run(unsigned count, const std::function<void(unsigned)>& work) {
  if (count < 2) return work(0);
  hire(count - 1);
  {
    const std::lock_guard lock(crew_->mutex);
    crew_->work = &work;
    crew_->next = 1;
    crew_->end = count;
  }
  crew_->wake.notify_all();
  struct Finish {  // an exception of work(0) too must not leave `work` before the others have
    Crew& crew;
    ~Finish() {
      std::unique_lock lock(crew.mutex);
      crew.next = crew.end = 0;
      crew.done.wait(lock, [&] { return crew.busy == 0; });
    }
  };
  const Finish finish{*crew_};
  work(0);
}

}  // namespace softcuda::exec
