#pragma once
#include <functional>
#include <memory>

/// Host threads that a machine keeps from launch to launch: starting one costs more than a small launch.
namespace softcuda::exec {

class HostThreads {
 public:
  HostThreads();
  ~HostThreads();
  HostThreads(const HostThreads&) = delete;
  HostThreads& operator=(const HostThreads&) = delete;

  /// Calls work(0) here and work(1) ... work(count - 1) on other threads, and returns when all are done. A
  /// thread that has not woken up when work(0) is over is not waited for: its call is left out. So each call
  /// has to take whatever is left to do, and there must be nothing left when the first returns. For one
  /// caller at a time.
  void run(unsigned count, const std::function<void(unsigned)>& work);

 private:
  struct Crew;
  void hire(unsigned count);
  std::unique_ptr<Crew> crew_;
};

}  // namespace softcuda::exec
