#include "harness/backend/answerers/registry.h"

#include <optional>

#include <fmt/format.h>

#include "harness/backend/answerers/answerers.h"
#include "harness/backend/cudnn/cudnn.h"
#include "harness/backend/openvino/openvino.h"

namespace flashdiff {

const std::vector<BackendEntry>& backend_registry() {
  static const std::vector<BackendEntry> entries = [] {
    std::vector<BackendEntry> made;
    for (const kernels::Kernel& kernel : kernels::all_kernels())
      made.push_back({std::string(kernel.name),
                      std::string(kernel.plan.description),
                      true,
                      [&kernel](const BackendOptions& options) { return flash_backend(kernel, options); },
                      kernel.plan.pass,
                      kernel.plan.most_queries,
                      {}});
    made.push_back(
        {"reference",
         "Eigen in double precision, rounded to the dtype: what the others are compared with",
         false,
         [](const BackendOptions&) -> Outcome<std::unique_ptr<Backend>> { return reference_backend(); },
         Pass::forward,
         0,
         {Pass::append}});
    made.push_back(
        {"openvino",
         "a vendor's fused attention on the processor: OpenVINO's ScaledDotProductAttention, O only", false,
         [](const BackendOptions&) { return openvino_backend(); }});
    made.push_back(
        {"openvino_causal",
         "OpenVINO's attention by its own causal flag, as a caller might: it ignores the mask, and is wrong "
         "where padding lies in front",
         false,
         [](const BackendOptions&) { return openvino_backend(CausalBy::flag); },
         Pass::forward,
         0,
         {},
         true});
    const auto add_cudnn = [&made](const char* name, CudnnHanding handing, const char* handed) {
      std::vector<Pass> also;
      if (!handing.inference) also = {Pass::backward};
      made.push_back({name, fmt::format("NVIDIA's attention through cuDNN's graph, {}", handed), true,
                      [name, handing](const BackendOptions& options) {
                        return cudnn_backend(name, handing, options.device);
                      },
                      Pass::forward, 0, std::move(also), false, true, handing.way || handing.inference});
    };
    add_cudnn("cudnn", {}, "batches as they lie: lengths, or an offset a sequence");
    add_cudnn("cudnn_inference", {{}, true}, "the same for O alone: no LSE is asked for");
    add_cudnn("cudnn_bias", {cudnn::Way::bias},
              "padding hidden by a bias; zeroed beforehand, since it is read");
    add_cudnn("cudnn_compacted", {cudnn::Way::compaction}, "rows copied together first");
    return made;
  }();
  return entries;
}

Outcome<std::unique_ptr<Backend>> open_backend(const std::string& name, const BackendOptions& options) {
  std::string known;
  for (const BackendEntry& entry : backend_registry()) {
    if (entry.name == name) return entry.open(options);
    known += (known.empty() ? "" : ", ") + entry.name;
  }
  return bad_input(fmt::format("no backend '{}', expected one of: {}", name, known));
}

}  // namespace flashdiff
