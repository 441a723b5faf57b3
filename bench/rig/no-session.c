/* Owns what keeps wrk from resuming sessions, as it does without a word: a device makes a full handshake each time. */
#define _GNU_SOURCE
#include <dlfcn.h>

typedef int (*clear_fn)(void *);
typedef int (*set_session_fn)(void *, void *);

int SSL_clear(void *ssl) {
  clear_fn clear = (clear_fn)dlsym(RTLD_NEXT, "SSL_clear");
  set_session_fn set_session = (set_session_fn)dlsym(RTLD_NEXT, "SSL_set_session");
  int result = clear(ssl);
  set_session(ssl, 0);
  return result;
}
