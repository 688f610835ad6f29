// Streams, events, timing, and a host function in between.
#include <atomic>

#include "expect.h"

__global__ void add(int* data, int what) { atomicAdd(data, what); }

int main() {
  cudaStream_t one, other;
  cudaEvent_t start, done;
  OK(cudaStreamCreate(&one));
  OK(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
  OK(cudaEventCreate(&start));
  OK(cudaEventCreateWithFlags(&done, cudaEventDefault));
  int *data, *host;
  OK(cudaMallocAsync(&data, sizeof(int), one));
  OK(cudaMallocHost(&host, sizeof(int)));
  OK(cudaMemsetAsync(data, 0, sizeof(int), one));
  OK(cudaEventRecord(start, one));
  add<<<4, 32, 0, one>>>(data, 1);
  static std::atomic<int> called{0};
  int three = 3;
  OK(cudaLaunchHostFunc(
      one, [](void* by) { called += *static_cast<int*>(by); }, &three));
  OK(cudaEventRecord(done, one));
  OK(cudaStreamWaitEvent(other, done, 0));
  add<<<1, 1, 0, other>>>(data, 1000);
  OK(cudaStreamSynchronize(other));
  OK(cudaMemcpyAsync(host, data, sizeof(int), cudaMemcpyDeviceToHost, one));
  OK(cudaStreamSynchronize(one));
  EXPECT(*host == 1128 && called == 3);
  OK(cudaEventSynchronize(done));
  OK(cudaEventQuery(done));
  OK(cudaStreamQuery(one));
  float milliseconds = -1;
  OK(cudaEventElapsedTime(&milliseconds, start, done));
  EXPECT(milliseconds >= 0);
  add<<<1, 1, 0, cudaStreamPerThread>>>(data, 1);
  add<<<1, 1, 0, cudaStreamLegacy>>>(data, 1);
  OK(cudaMemcpy(host, data, sizeof(int), cudaMemcpyDefault));
  EXPECT(*host == 1130);
  OK(cudaFreeAsync(data, one));
  OK(cudaFreeHost(host));
  OK(cudaEventDestroy(start));
  OK(cudaEventDestroy(done));
  OK(cudaStreamDestroy(one));
  OK(cudaStreamDestroy(other));
}
