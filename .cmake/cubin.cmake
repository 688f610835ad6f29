# One cubin, and what ptxas says of it: ptxas prints to stderr, which a plain custom command would lose.
execute_process(
  COMMAND ${NVCC} -arch=sm_${SM} -cubin -Xptxas -v -o ${OUTPUT} ${PTX}
  RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said_too)
file(WRITE ${OUTPUT}.ptxas "${said}${said_too}")
if(failed)
  message(FATAL_ERROR "${said}${said_too}")
endif()
