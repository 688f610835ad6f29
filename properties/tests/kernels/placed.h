#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/driver/handles.h"
#include "harness/problem/laid_out.h"
#include "kernels/kernel.h"

/// A kernel on tensors that lie where a test says, and not where a layout of the harness puts them.
namespace flashdiff::test {

/// Device address of each tensor's element at offset 0.
using TensorsAt = std::map<TensorRole, CUdeviceptr>;

class Placed {
 public:
  /// The kernel on the software driver, as that was last set; loaded once. Throws std::runtime_error where
  /// there is none of that name.
  [[nodiscard]] static Placed& of(const std::string& kernel);

  /// Writes the inputs' logical rows of `sent` to where the placements of `there`, the same case, have them,
  /// answers, and reads the outputs' rows: bytes in the order of Answer::bytes_of_rows. Throws
  /// std::runtime_error with the driver's words.
  [[nodiscard]] std::vector<std::byte> answer(const LaidOut& sent, const LaidOut& there, const TensorsAt& at);

  [[nodiscard]] driver::DeviceBuffer allocate(std::size_t bytes) const;

 private:
  explicit Placed(const kernels::Kernel& kernel);
  void write_rows(const LaidOutTensor& from, const LaidOutTensor& there, CUdeviceptr at) const;
  void read_rows(const LaidOutTensor& there, CUdeviceptr at, std::vector<std::byte>& bytes) const;
  const kernels::Kernel& kernel_;
  driver::Context context_;
  driver::Module module_;
};

}  // namespace flashdiff::test
