#pragma once
#include <cstdlib>

#include <dlfcn.h>

#include "properties/tests/timing/fake_nvml.h"

namespace flashdiff::timing::testing {

/// FLASHDIFF_NVML for the life of the object, and what it says.
class Faked {
 public:
  Faked() : said_(reinterpret_cast<FakeNvml* (*)()>(dlsym(dlopen(FAKE_NVML, RTLD_NOW), "fake_nvml"))()) {
    *said_ = {};
    setenv("FLASHDIFF_NVML", FAKE_NVML, 1);
  }
  ~Faked() { unsetenv("FLASHDIFF_NVML"); }
  Faked(const Faked&) = delete;
  Faked& operator=(const Faked&) = delete;
  FakeNvml* operator->() const { return said_; }

 private:
  FakeNvml* said_;
};

}  // namespace flashdiff::timing::testing
