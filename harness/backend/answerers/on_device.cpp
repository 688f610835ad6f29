#include "harness/backend/answerers/on_device.h"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "harness/backend/answerers/extents.h"

namespace flashdiff {
namespace {

using driver::DeviceBuffer;
using driver::Driver;

/// In the order of TensorRole.
using At = kernels::Addresses;
constexpr std::array kAddresses{&At::q,  &At::k,  &At::v,     &At::o,     &At::lse,   &At::d_o, &At::dq,
                                &At::dk, &At::dv, &At::k_new, &At::v_new, &At::q_rot, &At::rope};

/// Everything that the pass reads or writes.
std::vector<TensorRole> tensors_of(Pass pass) {
  const auto inputs = inputs_of(pass), outputs = outputs_of(pass);
  std::vector<TensorRole> tensors(inputs.begin(), inputs.end());
  tensors.insert(tensors.end(), outputs.begin(), outputs.end());
  return tensors;
}

}  // namespace

/// Device address of the copy of `bytes`.
Outcome<CUdeviceptr> OnDevice::put(const Driver& driver, std::span<const std::byte> bytes) {
  Outcome<DeviceBuffer> buffer = DeviceBuffer::allocate(driver, bytes.size());
  if (!buffer) return tl::unexpected<Error>(std::move(buffer.error()));
  if (auto copied = buffer->upload(bytes); !copied) return tl::unexpected<Error>(std::move(copied.error()));
  buffers_.push_back(std::move(*buffer));
  return buffers_.back().address();
}

Outcome<DeviceBuffer> poisoned_workspace(const Driver& driver, std::size_t bytes) {
  Outcome<DeviceBuffer> workspace = DeviceBuffer::allocate(driver, bytes);
  if (!workspace) return workspace;
  // All ones: NaN in every floating-point type, and no plausible count.
  if (auto copied = workspace->upload(std::vector<std::byte>(bytes, std::byte{0xff})); !copied)
    return tl::unexpected<Error>(std::move(copied.error()));
  if (auto told = tell_extents(driver, "workspace", workspace->address(), bytes); !told)
    return tl::unexpected<Error>(std::move(told.error()));
  return workspace;
}

Outcome<OnDevice> OnDevice::upload(const Driver& driver, const kernels::KernelPlan& plan, const LaidOut& sent,
                                   CUdeviceptr workspace) {
  const auto failed = [](Error error) { return tl::unexpected<Error>(std::move(error)); };
  OnDevice made(tensors_of(sent.question.problem.pass));
  kernels::Addresses addresses;
  for (TensorRole role : made.tensors_) {
    const LaidOutTensor& tensor = sent.of(role);
    const Outcome<CUdeviceptr> at = made.put(driver, tensor.bytes);
    if (!at) return failed(at.error());
    const CUdeviceptr body = *at + LaidOutTensor::guard_bytes;
    addresses.*kAddresses[static_cast<std::size_t>(role)] = body;
    if (auto told = tell_extents(driver, tensor, body); !told) return failed(told.error());
  }
  const kernels::Needs needs = plan.needs(sent);
  const Outcome<CUdeviceptr> metadata = made.put(driver, needs.metadata);
  if (!metadata) return failed(metadata.error());
  addresses.metadata = *metadata;
  addresses.workspace = workspace;
  if (auto told = tell_extents(driver, "metadata", addresses.metadata, needs.metadata.size()); !told)
    return failed(told.error());
  made.launches_ = plan.plan(sent, addresses);
  return made;
}

Outcome<void> OnDevice::download(LaidOut& io) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (auto copied = buffers_[i].download(io.of(tensors_[i]).bytes); !copied) return copied;
  return {};
}

}  // namespace flashdiff
