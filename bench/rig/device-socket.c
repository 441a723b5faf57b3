/* Owns what makes the sockets of a load those of a device: the segments and the window of lwIP as ESP-IDF ships it. On the
   loopback, segments are of 64 KB otherwise, and the kernel takes a whole image of each slow reader off the server's hands. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

typedef int (*connect_fn)(int, const struct sockaddr *, socklen_t);

int connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  static const int segment = 1440, window = 4 * 1440;
  if (address->sa_family == AF_INET || address->sa_family == AF_INET6) {
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
  }
  return ((connect_fn)dlsym(RTLD_NEXT, "connect"))(fd, address, bytes);
}
