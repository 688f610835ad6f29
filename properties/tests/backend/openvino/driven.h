#pragma once
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "harness/backend/openvino/model.h"

namespace flashdiff::testing {

/// OpenVINO as this machine has it; a machine without it fails the test, with the reason.
inline std::shared_ptr<const openvino::Library> library() {
  auto loaded = openvino::Library::load();
  if (!loaded) throw std::runtime_error(loaded.error().what);
  return std::move(*loaded);
}

/// O of one form on f32 tensors of its shapes; a boolean mask.
inline std::vector<float> answer(const openvino::Form& form, const std::vector<float>& q,
                                 const std::vector<float>& k, const std::vector<float>& v,
                                 const std::vector<std::uint8_t>& sees, float scale = 1) {
  auto model = openvino::Model::compile(library(), form);
  if (!model) throw std::runtime_error(model.error().what);
  std::vector<float> o(static_cast<std::size_t>(form.batch * form.heads * form.queries * form.d_v));
  auto done = model->bind({q.data(), k.data(), v.data(), sees.data(), &scale, o.data()});
  if (done) done = model->run();
  if (!done) throw std::runtime_error(done.error().what);
  return o;
}

}  // namespace flashdiff::testing
