// Owns the directives that need no counterpart, each with what the gate does in their place.

const BY_ITSELF: [RegExp, string][] = [
  [
    /^(ssl_(protocols|ciphers|prefer_server_ciphers|session_.*|ecdh_curve|dhparam|buffer_size|conf_command|early_data))$/,
    'TLS is set for browsers and devices',
  ],
  [/^(ssl_stapling.*|resolver.*|ssl_trusted_certificate)$/, 'chains are checked, and names are resolved by the system'],
  [/^(http2|http3|http2_.*|quic_.*)$/, 'HTTP/2 is spoken with those who offer it'],
  [
    /^(proxy_http_version|proxy_buffering|proxy_request_buffering|proxy_buffers?|proxy_buffer_size|proxy_busy_buffers_size|proxy_max_temp_file_size|proxy_temp_.*|chunked_transfer_encoding|proxy_socket_keepalive)$/,
    'bodies are streamed both ways by HTTP/1.1',
  ],
  [/^(proxy_redirect)$/, 'redirects of an upstream are led back here'],
  [
    /^(gzip_(types|min_length|proxied|vary|comp_level|buffers|http_version|disable|static)|brotli_.*)$/,
    'texts are known by their type, and told apart by Vary',
  ],
  [
    /^(sendfile|tcp_nopush|tcp_nodelay|aio|directio|output_buffers|open_file_cache.*|keepalive.*|reset_timedout_connection|types_hash_.*|server_names_hash_.*|variables_hash_.*|client_(body_buffer_size|header_buffer_size|body_temp_path|body_in_file_only)|large_client_header_buffers|underscores_in_headers|lingering_.*|send_timeout|client_(header|body)_timeout|default_type|types|charset|server_tokens|etag|if_modified_since|merge_slashes|absolute_redirect|port_in_redirect|server_name_in_redirect|postpone_output)$/,
    'the gate has bounds of its own (limits)',
  ],
  [
    /^(user|worker_.*|pid|events|daemon|master_process|error_log|access_log|log_format|log_not_found|pcre_jit|load_module|env|timer_resolution|thread_pool|multi_accept|use|accept_mutex)$/,
    'processes and the log are set by workers and log',
  ],
  [/^(index|try_files)$/, 'index.html is served for a folder, and 404 where there is none'],
  [/^(proxy_ssl_server_name|proxy_ssl_session_reuse|proxy_ssl_protocols)$/, 'upstreams are asked with their name'],
  [
    /^(proxy_next_upstream.*|proxy_intercept_errors|zone|keepalive_.*|least_conn|random|hash|ip_hash)$/,
    'upstreams are chosen by the gate',
  ],
];

/** What the gate does in place of a directive; undefined where the directive means something for a route. */
export function needlessBecause(name: string): string | undefined {
  return BY_ITSELF.find(([pattern]) => pattern.test(name))?.[1];
}
