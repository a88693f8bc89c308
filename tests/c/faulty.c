/* Two mistakes on purpose, to see that the checkers of memory find them: "leak" and "overflow". Uses no library. */
#include "check.h"

int main(int argc, char **argv) {
  CHECK(argc == 2);
  volatile size_t size = 16;
  char *volatile bytes = malloc(size);
  CHECK(bytes != NULL);
  memset(bytes, 1, size);
  if (strcmp(argv[1], "leak") == 0) {
    bytes = NULL;
    return 0;
  }
  int beyond = bytes[size];
  free(bytes);
  return beyond == 2 ? 1 : 0;
}
