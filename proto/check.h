#pragma once

#include <cstdio>
#include <cstdlib>

// Aborts with the place and the condition. Only for what nothing but a bug of ours can cause.
#define QUIRE_CHECK(condition)                                                               \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: this cannot be: !(%s)\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
