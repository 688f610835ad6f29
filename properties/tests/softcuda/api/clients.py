#!/usr/bin/env python3
"""A program that knows nothing of flashdiff: NVIDIA's own cuda-bindings, through LD_LIBRARY_PATH=build/softcuda.

usage: clients.py VECTOR_ADD.ptx FLASH.ptx VECTOR_ADD.cubin VECTOR_ADD.fatbin...; prints "ok", or a traceback.
"""
import ctypes
import math
import random
import struct
import sys
import threading

from cuda.bindings import driver as cu


def call(result):
    error, *values = result
    assert error == cu.CUresult.CUDA_SUCCESS, (error, cu.cuGetErrorName(error))
    return values[0] if len(values) == 1 else values


def on_device(data):
    pointer = call(cu.cuMemAlloc(len(data)))
    call(cu.cuMemcpyHtoD(pointer, data, len(data)))
    return pointer


def from_device(pointer, size):
    data = bytearray(size)
    call(cu.cuMemcpyDtoH(data, pointer, size))
    return bytes(data)


def launch(function, grid, block, shared, stream, arguments):
    """arguments: (value, ctypes type) pairs."""
    values = tuple(value for value, _ in arguments)
    types = tuple(kind for _, kind in arguments)
    call(cu.cuLaunchKernel(function, *grid, *block, shared, stream, (values, types), 0))


def vector_add(image, stream):
    module = call(cu.cuModuleLoadData(image))
    function = call(cu.cuModuleGetFunction(module, b"vector_add"))
    n = 1000
    a, b = [random.random() for _ in range(n)], [random.random() for _ in range(n)]
    f32 = lambda values: struct.pack(f"{n}f", *values)
    pa, pb, pc = on_device(f32(a)), on_device(f32(b)), on_device(bytes(4 * n))
    start, end = call(cu.cuEventCreate(0)), call(cu.cuEventCreate(0))
    call(cu.cuEventRecord(start, stream))
    launch(function, (4, 1, 1), (256, 1, 1), 0, stream,
           [(int(pa), ctypes.c_void_p), (int(pb), ctypes.c_void_p), (int(pc), ctypes.c_void_p), (n, ctypes.c_int)])
    call(cu.cuEventRecord(end, stream))
    call(cu.cuEventSynchronize(end))
    assert call(cu.cuEventElapsedTime(start, end)) >= 0
    sums = struct.unpack(f"{n}f", from_device(pc, 4 * n))
    for x, y, z in zip(struct.unpack(f"{n}f", f32(a)), struct.unpack(f"{n}f", f32(b)), sums):
        assert z == struct.unpack("f", struct.pack("f", x + y))[0]
    for pointer in (pa, pb, pc):
        call(cu.cuMemFree(pointer))
    call(cu.cuModuleUnload(module))


def attention(image, stream):
    """The flash kernel of harness/bench, by the library API, against attention in plain Python."""
    library = call(cu.cuLibraryLoadData(image, [], [], 0, [], [], 0))
    function = call(cu.cuKernelGetFunction(call(cu.cuLibraryGetKernel(library, b"forward_d64_causal"))))
    shared = 5 * 64 * 64 * 2
    call(cu.cuFuncSetAttribute(function, cu.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shared))
    n, d = 64, 64
    pack = lambda values: struct.pack(f"{n * d}e", *values)
    unpack = lambda data: struct.unpack(f"{n * d}e", data)
    tensors = [pack([random.gauss(0, 1) for _ in range(n * d)]) for _ in range(3)]
    q, k, v = map(unpack, tensors)
    pointers = [on_device(t) for t in tensors] + [on_device(bytes(2 * n * d))]
    scale = 1 / math.sqrt(d)
    launch(function, (1, 1, 1), (128, 1, 1), shared, stream,
           [(int(p), ctypes.c_void_p) for p in pointers] + [(n, ctypes.c_int), (scale * math.log2(math.e), ctypes.c_float)])
    call(cu.cuStreamSynchronize(stream))
    out = unpack(from_device(pointers[3], 2 * n * d))
    for i in range(n):
        scores = [scale * sum(q[i * d + c] * k[j * d + c] for c in range(d)) for j in range(i + 1)]
        top = max(scores)
        weights = [math.exp(s - top) for s in scores]
        for c in range(d):
            wanted = sum(w * v[j * d + c] for j, w in enumerate(weights)) / sum(weights)
            assert abs(wanted - out[i * d + c]) < 4e-3, (i, c, wanted, out[i * d + c])
    call(cu.cuLibraryUnload(library))


def rows_and_pools(device, stream):
    """A pitched copy, and memory that a pool gives in the order of a stream."""
    assert call(cu.cuDeviceGetAttribute(cu.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, device)) == 1
    pool = call(cu.cuDeviceGetDefaultMemPool(device))
    address = call(cu.cuMemAllocFromPoolAsync(4 * 16, pool, stream))
    call(cu.cuMemsetD2D8Async(address, 16, 7, 16, 4, stream))
    source = bytearray(range(12))
    copy = cu.CUDA_MEMCPY2D()
    copy.srcMemoryType, copy.srcHost, copy.srcPitch = cu.CUmemorytype.CU_MEMORYTYPE_HOST, source, 4
    copy.dstMemoryType, copy.dstDevice, copy.dstPitch = cu.CUmemorytype.CU_MEMORYTYPE_DEVICE, address, 16
    copy.WidthInBytes, copy.Height = 4, 3
    call(cu.cuMemcpy2DAsync(copy, stream))
    call(cu.cuStreamSynchronize(stream))
    wanted = b"".join(bytes(source[4 * y:4 * y + 4]) + b"\7" * 12 for y in range(3)) + b"\7" * 16
    assert from_device(address, 64) == wanted
    assert int(call(cu.cuMemPoolGetAttribute(pool, cu.CUmemPool_attribute.CU_MEMPOOL_ATTR_USED_MEM_CURRENT))) == 64
    call(cu.cuMemFreeAsync(address, stream))
    error, = cu.cuMemFreeAsync(address, stream)
    assert error == cu.CUresult.CUDA_ERROR_INVALID_VALUE, error


def events(stream):
    """Events that a second stream waits for; one without timing has no time."""
    timed = [call(cu.cuEventCreate(cu.CUevent_flags.CU_EVENT_DEFAULT)) for _ in range(2)]
    untimed = call(cu.cuEventCreate(cu.CUevent_flags.CU_EVENT_DISABLE_TIMING))
    other = call(cu.cuStreamCreateWithPriority(cu.CUstream_flags.CU_STREAM_NON_BLOCKING, -1))
    assert call(cu.cuStreamGetPriority(other)) == -1
    pointer = on_device(bytes(1 << 20))
    call(cu.cuEventRecord(timed[0], stream))
    call(cu.cuMemsetD8Async(pointer, 1, 1 << 20, stream))
    call(cu.cuEventRecord(timed[1], stream))
    call(cu.cuStreamWaitEvent(other, timed[1], 0))
    call(cu.cuMemsetD8Async(pointer, 2, 1 << 20, other))
    call(cu.cuEventRecord(untimed, other))
    call(cu.cuEventSynchronize(untimed))
    call(cu.cuEventQuery(untimed))
    assert from_device(pointer, 1 << 20) == b"\2" * (1 << 20)
    assert call(cu.cuEventElapsedTime(*timed)) > 0
    error, _ = cu.cuEventElapsedTime(timed[0], untimed)
    assert error == cu.CUresult.CUDA_ERROR_INVALID_HANDLE, error
    for event in (*timed, untimed):
        call(cu.cuEventDestroy(event))
    call(cu.cuStreamDestroy(other))
    call(cu.cuMemFree(pointer))


def two_threads(image, context):
    """Two host threads, each with a stream of its own, at once."""
    failed = []

    def work():
        try:
            call(cu.cuCtxSetCurrent(context))
            stream = call(cu.cuStreamCreate(cu.CUstream_flags.CU_STREAM_NON_BLOCKING))
            for _ in range(10):
                vector_add(image, stream)
            call(cu.cuStreamDestroy(stream))
        except BaseException as error:  # an assertion, too: it is this program's that fails
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


def opaque(image):
    """Machine code loads, and its launch says that it cannot be executed."""
    module = call(cu.cuModuleLoadData(image))
    function = call(cu.cuModuleGetFunction(module, b"vector_add"))
    error, = cu.cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, ((), ()), 0)
    assert error == cu.CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU, error
    call(cu.cuModuleUnload(module))


def sticky(image, context):
    """A fault breaks the context, and every later call answers it, as on a GPU."""
    module = call(cu.cuModuleLoadData(image))
    function = call(cu.cuModuleGetFunction(module, b"vector_add"))
    values = ((0, 0, 0, 4), (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int))
    error, = cu.cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, values, 0)
    assert error == cu.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, error
    error, _ = cu.cuMemAlloc(16)
    assert error == cu.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, error
    error, = cu.cuCtxDestroy(context)
    assert error == cu.CUresult.CUDA_SUCCESS, error


def main():
    random.seed(7)
    call(cu.cuInit(0))
    assert call(cu.cuDeviceGetCount()) == 1
    device = call(cu.cuDeviceGet(0))
    assert b"softcuda" in call(cu.cuDeviceGetName(128, device))
    assert call(cu.cuDeviceGetUuid(device)) is not None
    primary = call(cu.cuDevicePrimaryCtxRetain(device))
    call(cu.cuCtxSetCurrent(primary))
    stream = call(cu.cuStreamCreate(0))
    images = [open(path, "rb").read() + b"\0" for path in sys.argv[1:]]
    vector_add(images[0], stream)
    attention(images[1], stream)
    rows_and_pools(device, stream)
    events(stream)
    two_threads(images[0], primary)
    opaque(images[2])
    for fatbin in images[3:]:
        vector_add(fatbin, stream)
    call(cu.cuStreamDestroy(stream))
    context = call(cu.cuCtxCreate(None, 0, device))
    sticky(images[0], context)
    call(cu.cuCtxSetCurrent(primary))
    call(cu.cuMemFree(call(cu.cuMemAlloc(16))))  # the other context is as sound as before
    print("ok")


if __name__ == "__main__":
    main()
