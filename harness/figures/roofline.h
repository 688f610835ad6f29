#pragma once
#include <span>
#include <string_view>

#include "harness/figures/figures.h"

namespace flashdiff::figures {

/// A GPU's published peaks.
struct Gpu {
  std::string_view name;          ///< "A100"
  std::string_view architecture;  ///< "sm_80"
  int multiprocessors;
  double tensor_flops;          ///< f16 and bf16 with f32 accumulators, dense, a second
  double f32_flops;             ///< without tensor cores, a second
  double memory_bytes;          ///< of device memory, a second
  double tensor_flops_a_clock;  ///< of one multiprocessor; gives the clock that the peak was stated at
  std::string_view
      device;  ///< as its driver names it, "NVIDIA A100-SXM4-80GB": other boards of the chip have other peaks
  [[nodiscard]] double clock() const { return tensor_flops / tensor_flops_a_clock / multiprocessors; }
};
/// A100 SXM 80 GB, H100 SXM, H200 SXM, RTX 4090: data sheets and architecture white papers of the vendor.
[[nodiscard]] std::span<const Gpu> gpus();

/// The one that a driver names so; null where no peak is known here.
[[nodiscard]] const Gpu* gpu_of_device(std::string_view device);

/// Bytes of the logical rows of all tensors, of an append's table of cosines and sines those of the new
/// tokens' positions: what must cross the memory's pins once.
[[nodiscard]] double compulsory_bytes(const LaidOut& io);

/// How long the counted work must take at least on a whole GPU that does one thing at its peak: seconds. A
/// bound from counters and published peaks, never a time; the largest of them is what bounds the kernel.
struct Roofline {
  double tensor_cores = 0;       ///< tensor core FLOPs
  double f32_units = 0;          ///< f32 FLOPs without tensor cores
  double special_functions = 0;  ///< exponentials and the like, 16 lanes a clock and multiprocessor
  double shared_memory = 0;      ///< wavefronts, one a clock and multiprocessor
  double issue_slots = 0;        ///< warp instructions of PTX, four a clock and multiprocessor
  double device_memory = 0;      ///< compulsory_bytes() once

  [[nodiscard]] double seconds() const;
  [[nodiscard]] std::string_view bound_by() const;  ///< "tensor cores", "shared memory", ...
};
/// `bytes`: compulsory_bytes().
[[nodiscard]] Roofline roofline(const Gpu& gpu, const Figures& figures, double bytes);

}  // namespace flashdiff::figures
