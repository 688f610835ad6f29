#!/bin/sh
# clients.sh PYTHON SCRIPT ARGUMENTS...: 77 (skipped, ctest shows the words) where ./run test has not made the environment.
if [ ! -x "$1" ]; then
  echo "not run: $1 is not there; ./run test makes it from PyPI"
  exit 77
fi
exec "$@"
