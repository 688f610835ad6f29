# Writes OUT with the commit that ROOT is at, "0123456789ab" or "0123456789ab+changes"; "unknown" outside of git.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git -C ${ROOT} describe --always --abbrev=12 --match=none-of-the-tags --dirty=+changes
  OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
# Only where it changed: the program is linked again then, and not otherwise.
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define FLASHDIFF_COMMIT \"@commit@\"\n" @ONLY)
