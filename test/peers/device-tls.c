// Owns a device's TLS as mbedTLS does it: TLS 1.2, AES-GCM, SNI, no ALPN, no session, trust as in ESP-IDF's bundle.
//
//   device-tls MODE HOST PORT NAME ROOTS.pem [BODY]  < request
//
// MODE is `bundle` (firmware before 2.4.2: the issuer of the last certificate has to be among the roots) or `roots`
// (from 2.4.2 on: any certificate of the chain may be issued by one). One JSON object a line on standard output; the
// body of the reply goes to the file BODY. Ends with 0 where a whole reply came, 1 where not, 2 for wrong use.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

// 10 s of silence in a handshake ends it on a device.
#define SILENCE_MS 10000
#define MAX_REQUEST 65536
#define MAX_HEAD 16384
// AES-GCM in TLS 1.2: an explicit nonce of 8 bytes before the text, a tag of 16 behind it (RFC 5288).
#define GCM_EXTRA 24
#define HANDSHAKE_RECORD 22
#define APPLICATION_RECORD 23

// What arrives, cut into records by their headers, whatever pieces it is read in.
static struct {
  mbedtls_net_context net;
  unsigned char header[5];
  size_t header_have, fragment_left;
  size_t bytes_in, bytes_out, handshake_largest;
  size_t records, largest;
} wire;

static void on_record(int type, size_t length) {
  if (type == HANDSHAKE_RECORD && length > wire.handshake_largest) wire.handshake_largest = length;
  if (type != APPLICATION_RECORD) return;
  size_t text = length > GCM_EXTRA ? length - GCM_EXTRA : 0;
  wire.records++;
  if (text > wire.largest) wire.largest = text;
  printf("{\"event\":\"record\",\"bytes\":%zu,\"text\":%zu}\n", length, text);
}

static int receive(void *unused, unsigned char *buffer, size_t length, uint32_t timeout_ms) {
  (void)unused;
  int got = mbedtls_net_recv_timeout(&wire.net, buffer, length, timeout_ms);
  for (int at = 0; at < got;) {
    if (wire.fragment_left > 0) {
      size_t take = (size_t)(got - at) < wire.fragment_left ? (size_t)(got - at) : wire.fragment_left;
      wire.fragment_left -= take;
      at += (int)take;
      continue;
    }
    wire.header[wire.header_have++] = buffer[at++];
    if (wire.header_have < sizeof wire.header) continue;
    wire.header_have = 0;
    wire.fragment_left = (size_t)wire.header[3] << 8 | wire.header[4];
    on_record(wire.header[0], wire.fragment_left);
  }
  if (got > 0) wire.bytes_in += (size_t)got;
  return got;
}

static int transmit(void *unused, const unsigned char *buffer, size_t length) {
  (void)unused;
  int sent = mbedtls_net_send(&wire.net, buffer, length);
  if (sent > 0) wire.bytes_out += (size_t)sent;
  return sent;
}

static void print_flags(uint32_t flags) {
  static const struct { uint32_t flag; const char *words; } names[] = {
    { MBEDTLS_X509_BADCERT_CN_MISMATCH, "wrong name" },
    { MBEDTLS_X509_BADCERT_NOT_TRUSTED, "not trusted" },
    { MBEDTLS_X509_BADCERT_EXPIRED, "expired" },
    { MBEDTLS_X509_BADCERT_FUTURE, "not yet valid" },
    { MBEDTLS_X509_BADCERT_BAD_MD, "weak signature" },
    { MBEDTLS_X509_BADCERT_BAD_KEY, "weak key" },
    { MBEDTLS_X509_BADCERT_BAD_PK, "unknown kind of key" },
    { MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "not for servers" },
    { MBEDTLS_X509_BADCERT_KEY_USAGE, "wrong key usage" },
  };
  const char *before = "";
  printf("\"flags\":[");
  // All bits at once are mbedTLS's way to say that the verification itself broke off.
  if (flags == (uint32_t)-1) printf("\"broken off\"");
  for (size_t i = 0; flags != (uint32_t)-1 && i < sizeof names / sizeof *names; i++) {
    if (!(flags & names[i].flag)) continue;
    printf("%s\"%s\"", before, names[i].words);
    before = ",";
  }
  printf("]");
}

static int fail(const char *step, int error, const mbedtls_ssl_context *ssl) {
  char words[160];
  mbedtls_strerror(error, words, sizeof words);
  printf("{\"event\":\"failed\",\"step\":\"%s\",\"error\":\"-0x%04x\",\"words\":\"%s\",", step, (unsigned)-error, words);
  print_flags(ssl == NULL ? 0 : mbedtls_ssl_get_verify_result(ssl));
  printf("}\n");
  return 1;
}

// CONFIG_MBEDTLS_HAVE_TIME_DATE is off on a device: it sees no dates.
static int ignore_dates(void *unused, mbedtls_x509_crt *child, int depth, uint32_t *flags) {
  (void)unused, (void)child, (void)depth;
  *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
  return 0;
}

static int signed_by(const mbedtls_x509_crt *child, mbedtls_x509_crt *root) {
  unsigned char hash[MBEDTLS_MD_MAX_SIZE];
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(child->sig_md);
  if (info == NULL || mbedtls_md(info, child->tbs.p, child->tbs.len, hash) != 0) return 0;
  return mbedtls_pk_verify_ext(child->sig_pk, child->sig_opts, &root->pk, child->sig_md, hash,
                               mbedtls_md_get_size(info), child->sig.p, child->sig.len) == 0;
}

// The rule of esp_crt_bundle.c: a certificate with no fault but an unknown issuer is looked up by its issuer's name.
static int look_up_in_bundle(void *bundle, mbedtls_x509_crt *child, int depth, uint32_t *flags) {
  ignore_dates(NULL, child, depth, flags);
  if ((*flags & ~(uint32_t)MBEDTLS_X509_BADCERT_BAD_MD) != MBEDTLS_X509_BADCERT_NOT_TRUSTED) return 0;
  for (mbedtls_x509_crt *root = bundle; root != NULL; root = root->next) {
    if (root->subject_raw.len != child->issuer_raw.len) continue;
    if (memcmp(root->subject_raw.p, child->issuer_raw.p, child->issuer_raw.len) != 0) continue;
    if (!signed_by(child, root)) continue;
    *flags = 0;
    return 0;
  }
  return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
}

static int exchange(mbedtls_ssl_context *ssl, const unsigned char *request, size_t length, FILE *body) {
  int code;
  for (size_t at = 0; at < length; at += (size_t)code) {
    code = mbedtls_ssl_write(ssl, request + at, length - at);
    if (code < 0) return fail("write", code, NULL);
  }
  static char head[MAX_HEAD + 1];
  size_t head_have = 0, head_bytes = 0, received = 0;
  long long expected = -1;
  mbedtls_sha256_context sha;
  mbedtls_sha256_init(&sha);
  mbedtls_sha256_starts_ret(&sha, 0);
  while (expected < 0 || received < (size_t)expected) {
    unsigned char chunk[4096];
    code = mbedtls_ssl_read(ssl, chunk, sizeof chunk);
    if (code == 0 || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) break;
    if (code < 0) return fail("read", code, NULL);
    size_t from = 0;
    while (head_bytes == 0 && from < (size_t)code) {
      if (head_have == MAX_HEAD) return fail("head", MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL, NULL);
      head[head_have++] = (char)chunk[from++];
      if (head_have < 4 || memcmp(head + head_have - 4, "\r\n\r\n", 4) != 0) continue;
      head_bytes = head_have;
      for (char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "content-length:", 15) == 0) expected = atoll(line + 17);
      }
    }
    mbedtls_sha256_update_ret(&sha, chunk + from, (size_t)code - from);
    if (body != NULL) fwrite(chunk + from, 1, (size_t)code - from, body);
    received += (size_t)code - from;
  }
  unsigned char hash[32];
  mbedtls_sha256_finish_ret(&sha, hash);
  int status = head_have > 12 ? atoi(head + 9) : 0;
  int whole = head_bytes > 0 && (expected < 0 || received == (size_t)expected);
  printf("{\"event\":\"reply\",\"status\":%d,\"whole\":%s,\"headBytes\":%zu,\"bytes\":%zu,", status,
         whole ? "true" : "false", head_bytes, received);
  printf("\"records\":%zu,\"largestRecord\":%zu,\"sha256\":\"", wire.records, wire.largest);
  for (size_t i = 0; i < sizeof hash; i++) printf("%02x", hash[i]);
  printf("\"}\n");
  return whole ? 0 : 1;
}

int main(int count, char **words) {
  if (count < 6 || (strcmp(words[1], "bundle") != 0 && strcmp(words[1], "roots") != 0)) {
    fprintf(stderr, "usage: device-tls bundle|roots HOST PORT NAME ROOTS.pem [BODY] < request\n");
    return 2;
  }
  static unsigned char request[MAX_REQUEST];
  size_t length = fread(request, 1, sizeof request, stdin);
  FILE *body = count > 6 ? fopen(words[6], "wb") : NULL;
  // A zeroed certificate: ESP-IDF's bundle sets one, so that mbedTLS asks at all.
  static mbedtls_x509_crt roots, nothing;
  static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 0,
  };
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_ssl_config config;
  mbedtls_ssl_context ssl;
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_ssl_config_init(&config);
  mbedtls_ssl_init(&ssl);
  mbedtls_net_init(&wire.net);
  mbedtls_x509_crt_init(&roots);

  int code = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0);
  if (code == 0) code = mbedtls_x509_crt_parse_file(&roots, words[5]);
  if (code == 0) {
    code = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT);
  }
  if (code != 0) return fail("setup", code, NULL);
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_max_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_ciphersuites(&config, suites);
  mbedtls_ssl_conf_session_tickets(&config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
  mbedtls_ssl_conf_read_timeout(&config, SILENCE_MS);
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
  if (strcmp(words[1], "bundle") == 0) {
    mbedtls_ssl_conf_ca_chain(&config, &nothing, NULL);
    mbedtls_ssl_conf_verify(&config, look_up_in_bundle, &roots);
  } else {
    mbedtls_ssl_conf_ca_chain(&config, &roots, NULL);
    mbedtls_ssl_conf_verify(&config, ignore_dates, NULL);
  }
  code = mbedtls_ssl_setup(&ssl, &config);
  if (code == 0) code = mbedtls_ssl_set_hostname(&ssl, words[4]);
  if (code != 0) return fail("setup", code, NULL);
  code = mbedtls_net_connect(&wire.net, words[2], words[3], MBEDTLS_NET_PROTO_TCP);
  if (code != 0) return fail("connect", code, NULL);
  mbedtls_ssl_set_bio(&ssl, NULL, transmit, NULL, receive);

  struct timespec began, ended;
  clock_gettime(CLOCK_MONOTONIC, &began);
  code = mbedtls_ssl_handshake(&ssl);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  if (code != 0) return fail("handshake", code, &ssl);
  double ms = (double)(ended.tv_sec - began.tv_sec) * 1e3 + (double)(ended.tv_nsec - began.tv_nsec) / 1e6;
  printf("{\"event\":\"handshake\",\"suite\":\"%s\",\"version\":\"%s\",", mbedtls_ssl_get_ciphersuite(&ssl),
         mbedtls_ssl_get_version(&ssl));
  printf("\"bytesIn\":%zu,\"bytesOut\":%zu,\"largestRecord\":%zu,\"ms\":%.1f}\n", wire.bytes_in, wire.bytes_out,
         wire.handshake_largest, ms);
  code = exchange(&ssl, request, length, body);
  mbedtls_ssl_close_notify(&ssl);
  mbedtls_net_free(&wire.net);
  if (body != NULL && fclose(body) != 0) return 1;
  return code;
}
