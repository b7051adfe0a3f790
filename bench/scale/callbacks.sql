WITH made AS (
    SELECT n, bench_ms(n, %(many)s, 30, %(until)s) AS ms, bench_pick(n, 5, %(people)s) AS person, bench_pick(n, 6, 1000) AS kind
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
), callback AS (
    INSERT INTO webhooks_inboundrequest (id, webhook_id, received_at, method, content_type, query, body, body_is_base64,
        headers, role, number_key, id_key, state, reason)
    SELECT bench_id(ms, n), %(webhook)s, to_timestamp(ms / 1000.0), 'POST', 'application/json', '',
        'k1.' || repeat(md5(n::text), 8), false,
        jsonb_build_object('Content-Type', 'application/json', 'User-Agent', 'provider'), '',
        md5('number' || person), md5('id' || n), CASE WHEN kind = 0 THEN 'quarantined' WHEN kind < 20 THEN 'ignored' ELSE 'processed' END,
        CASE WHEN kind = 0 THEN 'No rule reads it' ELSE '' END
    FROM made
)
INSERT INTO webhooks_inboundmessage (id, webhook_id, request_id, dedupe_key, provider_message_id, msisdn, recipient,
    text, intent, keyword, category, occurred_at, received_at)
SELECT bench_id(ms, n), %(webhook)s, bench_id(ms, n), 'id:in-' || n, 'in-' || n, p.msisdn, '+15005550006',
    CASE WHEN kind < 60 THEN 'STOP' ELSE 'Thank you, see you at ' || n %% 12 || ' o''clock' END,
    CASE WHEN kind < 60 THEN 'opt_out' ELSE 'none' END, CASE WHEN kind < 60 THEN 'STOP' ELSE '' END, '',
    NULL, to_timestamp(ms / 1000.0)
FROM made JOIN bench_person AS p (pn, msisdn, subject_id) ON p.pn = person WHERE n %% 3 = 0
