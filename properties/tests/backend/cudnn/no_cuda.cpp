// Nothing: see matrix_test.cpp.
