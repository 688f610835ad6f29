// Managed, pitched, pinned memory; copies of two dimensions; what a pointer is.
#include <vector>

#include "expect.h"

__global__ void scale(float* data, std::size_t pitch, int columns) {
  auto* row = reinterpret_cast<float*>(reinterpret_cast<char*>(data) + blockIdx.x * pitch);
  if (threadIdx.x < columns) row[threadIdx.x] *= 2;
}

int main() {
  const int rows = 5, columns = 20;
  std::vector<float> host(rows * columns), back(rows * 32, -1);
  for (int i = 0; i < rows * columns; ++i) host[i] = i;
  float* device;
  std::size_t pitch = 0;
  OK(cudaMallocPitch(&device, &pitch, columns * sizeof(float), rows));
  EXPECT(pitch >= columns * sizeof(float));
  OK(cudaMemset2D(device, pitch, 0, pitch, rows));
  OK(cudaMemcpy2D(device, pitch, host.data(), columns * sizeof(float), columns * sizeof(float), rows,
                  cudaMemcpyHostToDevice));
  scale<<<rows, 32>>>(device, pitch, columns);
  OK(cudaMemcpy2D(back.data(), 32 * sizeof(float), device, pitch, columns * sizeof(float), rows,
                  cudaMemcpyDeviceToHost));
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < 32; ++column)
      EXPECT(back[row * 32 + column] == (column < columns ? 2.0f * host[row * columns + column] : -1));
  }
  EXPECT_ERROR(cudaErrorInvalidPitchValue,
               cudaMemcpy2D(device, 4, host.data(), 4, 8, 1, cudaMemcpyHostToDevice));
  EXPECT_ERROR(cudaErrorInvalidValue, cudaMemcpy(host.data(), host.data(), 4, cudaMemcpyHostToDevice));

  std::size_t free_bytes = 0, total = 0, after = 0;
  OK(cudaMemGetInfo(&free_bytes, &total));
  float *managed, *pinned, *none;
  OK(cudaMallocManaged(&managed, 1 << 20));
  OK(cudaMemGetInfo(&after, &total));
  EXPECT(after + (1 << 20) <= free_bytes && free_bytes <= total);
  OK(cudaHostAlloc(&pinned, 64, cudaHostAllocDefault));
  managed[3] = 4;
  pinned[3] = 8;
  scale<<<1, 32>>>(managed, 0, 16);
  scale<<<1, 32>>>(pinned, 0, 16);
  OK(cudaDeviceSynchronize());
  EXPECT(managed[3] == 8 && pinned[3] == 16);
  cudaPointerAttributes attributes;
  OK(cudaPointerGetAttributes(&attributes, device));
  EXPECT(attributes.type == cudaMemoryTypeDevice && attributes.devicePointer == device);
  OK(cudaPointerGetAttributes(&attributes, managed));
  EXPECT(attributes.type == cudaMemoryTypeManaged && attributes.hostPointer == managed);
  OK(cudaPointerGetAttributes(&attributes, pinned));
  EXPECT(attributes.type == cudaMemoryTypeHost && attributes.hostPointer == pinned);
  OK(cudaPointerGetAttributes(&attributes, host.data()));
  EXPECT(attributes.type == cudaMemoryTypeUnregistered && attributes.hostPointer == host.data());
  OK(cudaHostRegister(host.data(), host.size() * sizeof(float), cudaHostRegisterDefault));
  host[3] = 5;
  scale<<<1, 32>>>(host.data(), 0, 16);
  OK(cudaDeviceSynchronize());
  EXPECT(host[3] == 10);
  OK(cudaHostUnregister(host.data()));
  OK(cudaMalloc(&none, 0));
  OK(cudaFree(none));
  EXPECT_ERROR(cudaErrorInvalidValue, cudaFree(device + 1));
  OK(cudaFreeHost(pinned));
  OK(cudaFree(managed));
  OK(cudaFree(device));
}
