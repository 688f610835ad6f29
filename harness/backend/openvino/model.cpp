#include "harness/backend/openvino/model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace flashdiff::openvino {
namespace {

constexpr const char* kNode = "sdpa";  ///< as model_text.cpp names it

CElement c_element_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return CElement::f32;
    case DType::f16: return CElement::f16;
    case DType::bf16: return CElement::bf16;
  }
  return CElement::f32;
}

}  // namespace

Model::Model(std::shared_ptr<const Library> library, const Form& form)
    : library_(std::move(library)),
      form_(form),
      compiled_(nullptr, library_->api().ov_compiled_model_free),
      request_(nullptr, library_->api().ov_infer_request_free) {}

Outcome<Model> Model::compile(std::shared_ptr<const Library> library, const Form& form, Thread thread) {
  const Api& api = library->api();
  const std::string text = text_of(form);
  void* read = nullptr;
  auto done = library->check(
      api.ov_core_read_model_from_memory_buffer(library->core(), text.data(), text.size(), nullptr, &read),
      "ov_core_read_model_from_memory_buffer");
  if (!done) return tl::unexpected<Error>(done.error());
  const Handle model(read, api.ov_model_free);
  Model made(std::move(library), form);
  // A number of words, then keys and values. f32: what a processor could do faster in bf16 it is not asked
  // to.
  void* compiled = nullptr;
  done = made.library_->check(
      api.ov_core_compile_model(made.library_->core(), model.get(), "CPU", 10, &compiled,
                                "INFERENCE_PRECISION_HINT", "f32", "INFERENCE_NUM_THREADS", "1", "PERF_COUNT",
                                "YES", "EXECUTION_MODE_HINT", "ACCURACY", "ENABLE_CPU_PINNING",
                                thread == Thread::pinned ? "YES" : "NO"),
      "ov_core_compile_model");
  if (!done) return tl::unexpected<Error>(done.error());
  made.compiled_.reset(compiled);
  void* request = nullptr;
  done = made.library_->check(api.ov_compiled_model_create_infer_request(compiled, &request),
                              "ov_compiled_model_create_infer_request");
  if (!done) return tl::unexpected<Error>(done.error());
  made.request_.reset(request);
  return made;
}

Outcome<Model::Handle> Model::tensor(CElement element, Form::Dims dims, std::int64_t rank,
                                     const void* at) const {
  const Api& api = library_->api();
  void* made = nullptr;
  // The API takes inputs by pointers to what it may write, and does not write.
  auto done = library_->check(
      api.ov_tensor_create_from_host_ptr(element, {rank, dims.data()}, const_cast<void*>(at), &made),
      "ov_tensor_create_from_host_ptr");
  if (!done) return tl::unexpected<Error>(done.error());
  return Handle(made, api.ov_tensor_free);
}

Outcome<void> Model::bind(const Tensors& tensors) {
  const Api& api = library_->api();
  const CElement element = c_element_of(form_.dtype);
  struct Input {
    CElement element;
    Form::Dims dims;
    std::int64_t rank;
    const void* at;
  };
  const Input inputs[] = {{element, form_.q(), 4, tensors.q},
                          {element, form_.k(), 4, tensors.k},
                          {element, form_.v(), 4, tensors.v},
                          {form_.additive ? element : CElement::boolean, form_.mask(), 4, tensors.mask},
                          {element, {}, 0, tensors.scale}};
  tensors_.clear();
  std::size_t index = 0;
  for (const Input& input : inputs) {
    Outcome<Handle> made = tensor(input.element, input.dims, input.rank, input.at);
    if (!made) return tl::unexpected<Error>(std::move(made.error()));
    auto set =
        library_->check(api.ov_infer_request_set_input_tensor_by_index(request_.get(), index++, made->get()),
                        "ov_infer_request_set_input_tensor_by_index");
    if (!set) return set;
    tensors_.push_back(std::move(*made));
  }
  Outcome<Handle> o = tensor(element, form_.o(), 4, tensors.o);
  if (!o) return tl::unexpected<Error>(std::move(o.error()));
  tensors_.push_back(std::move(*o));
  return library_->check(
      api.ov_infer_request_set_output_tensor_by_index(request_.get(), 0, tensors_.back().get()),
      "ov_infer_request_set_output_tensor_by_index");
}

Outcome<void> Model::run() {
  return library_->check(library_->api().ov_infer_request_infer(request_.get()), "ov_infer_request_infer");
}

Outcome<std::vector<RanNode>> Model::ran() const {
  CProfiles profiles;
  auto done = library_->check(library_->api().ov_infer_request_get_profiling_info(request_.get(), &profiles),
                              "ov_infer_request_get_profiling_info");
  if (!done) return tl::unexpected<Error>(done.error());
  std::vector<RanNode> nodes;
  for (std::size_t i = 0; i < profiles.size; ++i) {
    const CProfile& one = profiles.infos[i];
    if (one.status == CProfile::executed) nodes.push_back({one.node_name, one.node_type, one.exec_type});
  }
  library_->api().ov_profiling_info_list_free(&profiles);
  return nodes;
}

Outcome<std::string> Model::property(const char* key) const {
  char* value = nullptr;
  auto done =
      library_->check(library_->api().ov_compiled_model_get_property(compiled_.get(), key, &value), key);
  if (!done) return tl::unexpected<Error>(done.error());
  std::string text = value == nullptr ? "" : value;
  library_->api().ov_free(value);
  return text;
}

Outcome<std::string> Model::threads() const {
  return property("INFERENCE_NUM_THREADS").and_then([this](const std::string& count) {
    return property("ENABLE_CPU_PINNING").map([&count](const std::string& pinned) {
      return fmt::format("{} thread{}, {}", count, count == "1" ? "" : "s",
                         pinned == "YES" ? "pinned" : "not pinned");
    });
  });
}

namespace {

/// A boolean mask's, and those of inputs and outputs of other dtypes ("sdpa.0" is the output's).
bool is_conversion(const RanNode& node) {
  return node.name.starts_with("Convert_") || node.name == std::string(kNode) + ".0";
}

}  // namespace

bool is_fused(const std::vector<RanNode>& ran) {
  const auto others = std::count_if(
      ran.begin(), ran.end(), [](const RanNode& node) { return !is_conversion(node) && node.name != kNode; });
  return others == 0 && std::any_of(ran.begin(), ran.end(), [](const RanNode& node) {
           return node.name == kNode && (node.type == "Subgraph" || node.type == "ScaledDotProductAttention");
         });
}

std::string words_of(const std::vector<RanNode>& ran) {
  std::string words;
  for (const RanNode& node : ran)
    if (!is_conversion(node))
      words += fmt::format("{}{} ({})", words.empty() ? "" : ", ", node.type, node.kernel);
  return words;
}

}  // namespace flashdiff::openvino
