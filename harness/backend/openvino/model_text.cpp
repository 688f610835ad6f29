#include <span>

#include <fmt/format.h>

#include "harness/backend/openvino/model.h"

namespace flashdiff::openvino {
namespace {

struct Element {
  const char *in_port, *in_data;
};
Element element_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return {"FP32", "f32"};
    case DType::f16: return {"FP16", "f16"};
    case DType::bf16: return {"BF16", "bf16"};
  }
  return {"", ""};
}

using Dims = std::span<const std::int64_t>;

std::string port(int id, Element element, Dims dims) {
  std::string text = fmt::format(R"(<port id="{}" precision="{}">)", id, element.in_port);
  for (const std::int64_t dim : dims) text += fmt::format("<dim>{}</dim>", dim);
  return text + "</port>";
}

std::string shape(Dims dims) {
  std::string text;
  for (const std::int64_t dim : dims) text += fmt::format("{}{}", text.empty() ? "" : ",", dim);
  return text;
}

std::string parameter(int id, const char* name, Element element, Dims dims) {
  return fmt::format(R"(<layer id="{}" name="{}" type="Parameter" version="opset1">)"
                     R"(<data shape="{}" element_type="{}"/><output>{}</output></layer>)",
                     id, name, shape(dims), element.in_data, port(0, element, dims));
}

}  // namespace

std::string text_of(const Form& form) {
  const Element element = element_of(form.dtype), mask = form.additive ? element : Element{"BOOL", "boolean"};
  const Form::Dims q = form.q(), k = form.k(), v = form.v(), m = form.mask(), o = form.o();
  std::string text = R"(<?xml version="1.0"?><net name="attention" version="11"><layers>)";
  text += parameter(0, "q", element, q) + parameter(1, "k", element, k) + parameter(2, "v", element, v) +
          parameter(3, "mask", mask, m) + parameter(4, "scale", element, {});
  text += fmt::format(
      R"(<layer id="5" name="sdpa" type="ScaledDotProductAttention" version="opset13"><data causal="{}"/>)"
      "<input>{}{}{}{}{}</input><output>{}</output></layer>",
      form.causal, port(0, element, q), port(1, element, k), port(2, element, v), port(3, mask, m),
      port(4, element, {}), port(5, element, o));
  text += fmt::format(
      R"(<layer id="6" name="o" type="Result" version="opset1"><input>{}</input></layer></layers><edges>)",
      port(0, element, o));
  for (int input = 0; input < 5; ++input)
    text += fmt::format(R"(<edge from-layer="{0}" from-port="0" to-layer="5" to-port="{0}"/>)", input);
  return text + R"(<edge from-layer="5" from-port="5" to-layer="6" to-port="0"/></edges></net>)";
}

}  // namespace flashdiff::openvino
