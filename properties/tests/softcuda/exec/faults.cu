/// Kernels that go wrong; the line of each is looked for in the report.
extern "C" __global__ void behind_the_end(float* x, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) x[i] = 1.0f;  // FAULT behind_the_end
}
extern "C" __global__ void before_the_start(float* x, int n) {
  x[static_cast<int>(threadIdx.x) - n] = 1.0f;  // FAULT before_the_start
}
extern "C" __global__ void misaligned(char* x, int n) {
  *reinterpret_cast<int*>(x + n + threadIdx.x * 4) = 1;  // FAULT misaligned
}
extern "C" __global__ void reads(const float* x, float* y, int n) {
  y[threadIdx.x] = x[n];  // FAULT reads
}
extern "C" __global__ void shared_overrun(float* x, int n) {
  __shared__ float s[64];
  s[threadIdx.x + n] = x[threadIdx.x];  // FAULT shared_overrun
  __syncthreads();
  x[threadIdx.x] = s[0];
}
extern "C" __global__ void endless(volatile int* x, int n) {
  while (x[0] != n) {
  }
}
extern "C" __global__ void lonely_barrier(int* x, int n) {
  if (threadIdx.x / 32 == 1) {
    asm volatile("bar.sync 1, 64;");  // FAULT lonely_barrier
  }
  x[threadIdx.x] = n;
}
extern "C" __global__ void stops(int* x, int n) {
  if (threadIdx.x == 37 && blockIdx.x == 2) __trap();  // FAULT stops
  x[blockIdx.x * blockDim.x + threadIdx.x] = n;
}
