#pragma once

/// What the stand-in for libnvidia-ml says of its one GPU, as a test sets it.
struct FakeNvml {
  unsigned megahertz = 0, milliwatts = 0;
  const char* bus = nullptr;            ///< the only PCI address that it knows; null: any
  unsigned long long reasons[64] = {};  ///< of one reading after the other, the last of them from then on
  int of = 1;
  int read = 0;  ///< readings of `reasons` so far
};
