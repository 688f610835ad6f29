#pragma once
#include <cstdint>

/// What a launch keeps in the host's memory.
namespace softcuda::exec {

/// Bytes: the memory that is a kernel's own, and what detectors keep about it.
struct Footprint {
  std::uint64_t global = 0;     ///< live in device memory, whoever uses it
  std::uint64_t shared = 0;     ///< of one block a host thread, of a cooperative launch every block
  std::uint64_t local = 0;      ///< likewise
  std::uint64_t registers = 0;  ///< likewise; without constants and special registers

  struct Shadow {
    std::uint64_t global = 0, shared = 0, local = 0, registers = 0;
    [[nodiscard]] std::uint64_t all() const { return global + shared + local + registers; }
  } shadow;

  [[nodiscard]] std::uint64_t own() const { return global + shared + local + registers; }
  /// Of one more host thread.
  Footprint& operator+=(const Footprint& more) {
    global += more.global;
    shared += more.shared;
    local += more.local;
    registers += more.registers;
    shadow.global += more.shadow.global;
    shadow.shared += more.shadow.shared;
    shadow.local += more.shadow.local;
    shadow.registers += more.shadow.registers;
    return *this;
  }
};

}  // namespace softcuda::exec
