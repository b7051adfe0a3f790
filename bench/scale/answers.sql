INSERT INTO access_idempotencyrecord (id, api_key_id, key, request_digest, status, response, created_at)
SELECT bench_id(ms, n), %(api_key)s, 'order-' || n, md5(n::text) || md5(n::text), 202,
    jsonb_build_object('id', bench_id(ms, n), 'state', 'queued'), to_timestamp(ms / 1000.0)
FROM (SELECT n, bench_ms(n, %(many)s, 3, %(until)s) AS ms FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS made
