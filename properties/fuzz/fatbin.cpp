#include <cstdint>
#include <cstdlib>

#include "harness/softcuda/api/images.h"
#include "harness/softcuda/ptx/parser.h"

/// libFuzzer target: of any bytes the driver's loader makes PTX, an opaque image, a sentence, or word of
/// PTX for newer devices: one of the four. What comes out as PTX is parsed or refused; running it is for
/// ptx.cpp.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const softcuda::api::FoundImage image = softcuda::api::find_ptx(data, 90, size);
  if ((image.opaque || !image.failed.empty()) && !image.ptx.empty()) std::abort();
  if (image.opaque && !image.failed.empty()) std::abort();
  if (image.too_new != 0 && (image.opaque || !image.failed.empty() || !image.ptx.empty())) std::abort();
  if (!image.ptx.empty()) (void)softcuda::ptx::parse(image.ptx, "fuzz");
  return 0;
}
