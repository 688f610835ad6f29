#pragma once
#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

namespace flashdiff::detail {

/// Seconds of processor time of this thread: what other programs do on the core does not count.
[[nodiscard]] inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
/// Of all threads of this program.
[[nodiscard]] inline double process_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Of the machine: where another process works, or several threads.
[[nodiscard]] inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The fastest of several runs: what is left when nothing else disturbs the caches.
class Fastest {
 public:
  explicit Fastest(double (*clock)() = thread_seconds) : clock_(clock) {}
  template <class Work>
  void time(Work work) {
    const double start = clock_();
    work();
    seconds_ = std::min(seconds_, clock_() - start);
  }
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  double (*clock_)();
  double seconds_ = std::numeric_limits<double>::infinity();
};

/// Eigen's own matrix product on one core, the speed of light here.
template <class Scalar>
class Gemm {
 public:
  void operator()() {
    c_.noalias() = a_ * b_;
    benchmark::DoNotOptimize(c_.data());
  }
  [[nodiscard]] static double flops() { return 2.0 * kSize * kSize * kSize; }

 private:
  static constexpr int kSize = 512;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix a_ = Matrix::Random(kSize, kSize);
  Matrix b_ = Matrix::Random(kSize, kSize);
  Matrix c_ = Matrix::Zero(kSize, kSize);
};

}  // namespace flashdiff::detail
