/* What plain C test programs check with: failures are counted and told, and nothing is thrown. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int failures;
#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      printf("FAILED line %d: %s (errno %d, %s)\n", __LINE__, #condition, errno, strerror(errno)); \
      ++failures;                                                                                  \
    }                                                                                              \
  } while (0)
#define CHECK_ERROR(call, error)             \
  do {                                       \
    errno = 0;                               \
    CHECK((call) == -1 && errno == (error)); \
  } while (0)
