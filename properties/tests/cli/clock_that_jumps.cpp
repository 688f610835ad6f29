// Preloaded into a program: the wall clock jumps an hour ahead and back, at every look at it; clocks that
// only go on stay.
#include <ctime>

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {
time_t jumped(time_t seconds) {
  static int looks = 0;
  return seconds + (++looks % 2 == 0 ? -3600 : 3600);
}
}  // namespace

extern "C" {
int clock_gettime(clockid_t clock, timespec* now) {
  const long failed = syscall(SYS_clock_gettime, clock, now);
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec = jumped(now->tv_sec);
  return static_cast<int>(failed);
}
time_t time(time_t* into) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(timeval* into, void*) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *into = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
}
