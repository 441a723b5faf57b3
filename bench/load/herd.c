// A herd of devices in one thread: each checks, reads its link out of the reply, and downloads, on a connection of its own
// for each of the two. On the wire a device (TLS 1.2, no ALPN, no session), without what a program in JavaScript costs.
// herd ADDRESS PORT CA|- NAME IMAGE CHECKS WITHIN_MS SILENCE_MS LIMIT_MS
// CHECKS: requests, each behind its length as a little-endian u32. A line for each device on stdout, its fields by tabs.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 16 * 1024, REPLY_BYTES = 64 * 1024, PATH_BYTES = 1024, MANY_EVENTS = 256, LOOK_MS = 100 };
enum state { WAITING, CONNECTING, HANDSHAKE, READING, DONE };

struct device {
  enum state state;
  int fd, is_download, status;
  SSL *ssl;
  const char *check;
  uint32_t check_bytes;
  char path[PATH_BYTES];
  char *in; // the head, and of a check's reply the body
  size_t in_bytes, got, length;
  int has_head, identical, head_whole;
  double due, dialled, ready, first, last, gap, done, silent_since;
  const char *outcome, *because;
};

static struct sockaddr_in address;
static SSL_CTX *context;
static const char *name;
static char *image;
static size_t image_bytes;
static int epoll_fd, left;

static double now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static char *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  struct stat facts;
  if (!file || fstat(fileno(file), &facts)) { perror(path); exit(2); }
  char *content = malloc((size_t)facts.st_size + 1);
  *bytes = fread(content, 1, (size_t)facts.st_size, file);
  fclose(file);
  return content;
}

static void hang_up(struct device *one) {
  if (one->ssl) SSL_free(one->ssl);
  if (one->fd >= 0) close(one->fd);
  one->ssl = NULL;
  one->fd = -1;
}

static void finish(struct device *one, const char *outcome, const char *because) {
  hang_up(one);
  one->outcome = outcome;
  one->because = because;
  one->done = now_ms();
  one->state = DONE;
  left -= 1;
}

static void dial(struct device *one) {
  int yes = 1;
  one->dialled = one->silent_since = now_ms();
  one->in_bytes = one->got = one->length = 0;
  one->has_head = one->head_whole = one->status = 0;
  one->identical = 1;
  one->first = one->gap = 0;
  one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (one->fd < 0) return finish(one, "no-connection", strerror(errno));
  setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(one->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
    return finish(one, "no-connection", strerror(errno));
  struct epoll_event event = { .events = EPOLLOUT, .data.ptr = one };
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, one->fd, &event);
  one->state = CONNECTING;
}

static void wait_for(struct device *one, uint32_t events) {
  struct epoll_event event = { .events = events, .data.ptr = one };
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, one->fd, &event);
}

// Requests are smaller than any socket's buffer: they go out in one piece.
static void ask(struct device *one) {
  char get[PATH_BYTES + 256];
  const char *bytes = one->check;
  int count = (int)one->check_bytes;
  if (one->is_download) {
    count = snprintf(get, sizeof get, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", one->path, name);
    bytes = get;
  }
  one->ready = one->silent_since = now_ms();
  int sent = one->ssl ? SSL_write(one->ssl, bytes, count) : (int)send(one->fd, bytes, (size_t)count, MSG_NOSIGNAL);
  if (sent != count) return finish(one, "no-connection", "the request did not go out");
  one->state = READING;
  wait_for(one, EPOLLIN);
}

static void shake(struct device *one) {
  int done = SSL_connect(one->ssl);
  if (done == 1) return ask(one);
  int why = SSL_get_error(one->ssl, done);
  if (why == SSL_ERROR_WANT_READ) wait_for(one, EPOLLIN);
  else if (why == SSL_ERROR_WANT_WRITE) wait_for(one, EPOLLOUT);
  else finish(one, "no-connection", "the handshake failed");
  ERR_clear_error();
}

static void connected(struct device *one) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return finish(one, "no-connection", strerror(error));
  if (!context) return ask(one);
  one->ssl = SSL_new(context);
  SSL_set_fd(one->ssl, one->fd);
  SSL_set_tlsext_host_name(one->ssl, name);
  SSL_set1_host(one->ssl, name);
  one->state = HANDSHAKE;
  shake(one);
}

// The path of firmware.url; what stands before it is not looked at: whoever answered the check is asked for the image.
static int find_link(struct device *one, char *body) {
  char *firmware = strstr(body, "\"firmware\"");
  char *url = firmware ? strstr(firmware, "\"url\"") : NULL;
  url = url ? strstr(url, "://") : NULL;
  char *path = url ? strchr(url + 3, '/') : NULL;
  char *end = path ? strchr(path, '"') : NULL;
  if (!end || (size_t)(end - path) >= PATH_BYTES) return 0;
  memcpy(one->path, path, (size_t)(end - path));
  one->path[end - path] = 0;
  return 1;
}

static void take_body(struct device *one, const char *bytes, size_t count, double at) {
  if (count == 0) return;
  if (one->got == 0) one->first = at;
  else if (at - one->last > one->gap) one->gap = at - one->last;
  one->last = at;
  if (one->is_download)
    one->identical &= one->got + count <= image_bytes && memcmp(image + one->got, bytes, count) == 0;
  one->got += count;
}

static void replied(struct device *one) {
  if (one->is_download) {
    if (one->status != 200) return finish(one, "refused", "");
    return finish(one, one->identical && one->got == image_bytes ? "identical" : "other-bytes", "");
  }
  one->in[one->in_bytes] = 0;
  if (one->status != 200 || !find_link(one, one->in)) return finish(one, "no-offer", "");
  hang_up(one);
  one->is_download = 1;
  dial(one);
}

static void take(struct device *one, char *bytes, size_t count) {
  double at = now_ms();
  one->silent_since = at;
  if (one->has_head && one->is_download) take_body(one, bytes, count, at);
  else {
    if (one->in_bytes + count > (one->has_head ? REPLY_BYTES : REPLY_BYTES - 1)) return finish(one, "cut-short", "too much");
    memcpy(one->in + one->in_bytes, bytes, count);
    one->in_bytes += count;
    one->in[one->in_bytes] = 0;
    if (!one->has_head) {
      char *end = strstr(one->in, "\r\n\r\n");
      if (!end) return;
      *end = 0;
      one->status = atoi(one->in + strcspn(one->in, " "));
      char *length = strcasestr(one->in, "\r\ncontent-length:");
      one->length = length ? strtoul(length + 17, NULL, 10) : SIZE_MAX;
      one->has_head = 1;
      size_t rest = one->in_bytes - (size_t)(end + 4 - one->in);
      if (one->is_download) take_body(one, end + 4, rest, at);
      else {
        memmove(one->in, end + 4, rest);
        one->in_bytes = one->got = rest;
      }
    } else one->got += count;
  }
  if (one->got >= one->length) replied(one);
}

static void read_on(struct device *one) {
  static char bytes[256 * 1024];
  int is_download = one->is_download;
  while (one->state == READING && one->is_download == is_download) {
    int count = one->ssl ? SSL_read(one->ssl, bytes, sizeof bytes) : (int)recv(one->fd, bytes, sizeof bytes, 0);
    if (count > 0) {
      take(one, bytes, (size_t)count);
      continue;
    }
    int why = one->ssl ? SSL_get_error(one->ssl, count) : 0;
    if (one->ssl ? why == SSL_ERROR_WANT_READ : count < 0 && errno == EAGAIN) return;
    ERR_clear_error();
    return finish(one, one->has_head ? "cut-short" : "no-connection", "the connection ended");
  }
}

static SSL_CTX *device_tls(const char *ca) {
  SSL_CTX *made = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(made, TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(made, SSL_OP_NO_TICKET);
  SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
  if (!SSL_CTX_set_cipher_list(made, "ECDHE-ECDSA-AES256-GCM-SHA384") || !SSL_CTX_set1_groups_list(made, "X25519:P-256") ||
      !SSL_CTX_load_verify_locations(made, ca, NULL)) {
    ERR_print_errors_fp(stderr);
    exit(2);
  }
  return made;
}

int main(int count, char **words) {
  if (count != 10) return 2;
  signal(SIGPIPE, SIG_IGN);
  address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2])) };
  inet_pton(AF_INET, words[1], &address.sin_addr);
  context = strcmp(words[3], "-") ? device_tls(words[3]) : NULL;
  name = words[4];
  image = read_file(words[5], &image_bytes);
  size_t checks_bytes;
  char *checks = read_file(words[6], &checks_bytes);
  double within = atof(words[7]), silence = atof(words[8]), limit = atof(words[9]);

  int devices = 0;
  for (size_t at = 0; at < checks_bytes; devices += 1) at += 4 + *(uint32_t *)(void *)(checks + at);
  struct device *all = calloc((size_t)devices, sizeof *all);
  double started = now_ms();
  size_t at = 0;
  for (int nth = 0; nth < devices; nth += 1) {
    struct device *one = &all[nth];
    one->fd = -1;
    one->in = malloc(REPLY_BYTES + 1);
    one->check_bytes = *(uint32_t *)(void *)(checks + at);
    one->check = checks + at + 4;
    one->due = started + nth * within / devices;
    at += 4 + one->check_bytes;
  }
  epoll_fd = epoll_create1(0);
  left = devices;
  int begun = 0;
  double looked = started;
  while (left > 0) {
    double now = now_ms();
    for (; begun < devices && all[begun].due <= now; begun += 1) dial(&all[begun]);
    struct epoll_event events[MANY_EVENTS];
    int happened = epoll_wait(epoll_fd, events, MANY_EVENTS, begun < devices ? 1 : 20);
    for (int nth = 0; nth < happened; nth += 1) {
      struct device *one = events[nth].data.ptr;
      if (one->state == CONNECTING) connected(one);
      else if (one->state == HANDSHAKE) shake(one);
      else if (one->state == READING) read_on(one);
    }
    if (now - looked < LOOK_MS) continue;
    looked = now;
    for (int nth = 0; nth < begun; nth += 1) {
      struct device *one = &all[nth];
      if (one->state == DONE) continue;
      if (now - started > limit) finish(one, "given-up", "");
      else if (now - one->silent_since > silence) finish(one, one->state == READING ? "silent" : "no-connection", "silence");
    }
    if (now - started > limit) break;
  }
  for (int nth = 0; nth < devices; nth += 1) {
    struct device *one = &all[nth];
    int download = one->is_download;
    printf("%s\t%s\t%d\t%zu\t%.3f\t%.3f\t%.3f\t%.3f\t%s\n", one->outcome ? one->outcome : "given-up",
           download ? "download" : "check", one->status, download ? one->got : 0,
           download && one->got ? one->first - one->ready : -1, one->ready - one->dialled, one->done - started,
           one->gap, one->because ? one->because : "");
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("cpu\t%.3f\n", (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
                            (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3);
  return 0;
}
