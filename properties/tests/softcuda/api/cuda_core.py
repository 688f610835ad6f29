#!/usr/bin/env python3
"""A program that knows nothing of flashdiff: NVIDIA's cuda-core, through LD_LIBRARY_PATH=build/softcuda.

usage: cuda_core.py VECTOR_ADD.ptx VECTOR_ADD.fatbin; prints "ok", or a traceback.
"""
import ctypes
import sys

from cuda.bindings import driver
from cuda.core import Device, EventOptions, LaunchConfig, ObjectCode, StreamOptions, launch


def main():
    device = Device()
    device.set_current()
    assert "softcuda" in device.name, device.name
    assert device.compute_capability == (8, 0), device.compute_capability
    assert device.properties.multiprocessor_count == 108
    assert device.properties.max_shared_memory_per_block_optin == 163 * 1024
    stream = device.create_stream(options=StreamOptions(nonblocking=True, priority=-1))
    assert stream.is_nonblocking and stream.priority == -1
    n = 1000
    for image in (ObjectCode.from_ptx(open(sys.argv[1], "rb").read()), ObjectCode.from_fatbin(open(sys.argv[2], "rb").read())):
        kernel = image.get_kernel("vector_add")
        assert kernel.num_arguments == 4, kernel.num_arguments
        assert kernel.attributes.max_threads_per_block == 1024
        a, b, c = (device.allocate(4 * n, stream=stream) for _ in range(3))
        host = (ctypes.c_float * n)(*(float(i) for i in range(n)))
        for buffer in (a, b):
            error, = driver.cuMemcpyHtoDAsync(int(buffer.handle), ctypes.addressof(host), 4 * n, stream.handle)
            assert error == driver.CUresult.CUDA_SUCCESS, error
        timed = EventOptions(timing_enabled=True)
        start = stream.record(options=timed)
        launch(stream, LaunchConfig(grid=4, block=256), kernel, a, b, c, ctypes.c_int(n))
        end = stream.record(options=timed)
        end.sync()
        assert end - start >= 0 and end.is_done
        got = (ctypes.c_float * n)()
        error, = driver.cuMemcpyDtoHAsync(ctypes.addressof(got), int(c.handle), 4 * n, stream.handle)
        assert error == driver.CUresult.CUDA_SUCCESS, error
        stream.sync()
        assert list(got) == [2.0 * i for i in range(n)], list(got)[:5]
        for buffer in (a, b, c):
            buffer.close(stream)
    stream.close()
    print("ok")


if __name__ == "__main__":
    main()
