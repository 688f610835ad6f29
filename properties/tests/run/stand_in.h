#pragma once
#include <string>
#include <vector>

namespace flashdiff::test {

/// Command of the worker in stand_in_worker.cpp.
[[nodiscard]] inline std::vector<std::string> stand_in(const std::string& how) {
  return {FLASHDIFF_BINARY_DIR "/stand_in_worker", how};
}

inline const std::string harmless =
    "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=left q=2 kv=2 mask=none data=normal seed=0x1";
inline const std::string trigger =
    "fd1 b=1 hq=1 hk=1 d=8 dv=8 dt=f32 lay=left q=2 kv=9 mask=none data=normal seed=0x1";

}  // namespace flashdiff::test
