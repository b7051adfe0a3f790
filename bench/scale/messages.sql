WITH made AS (
    SELECT n, bench_ms(n, %(many)s, %(days)s, %(until)s) AS ms, bench_pick(n, 1, %(people)s) AS person,
        bench_pick(n, 2, 100) AS kind,
        CASE WHEN n > %(many)s - %(due)s THEN 'queued' ELSE bench_state(bench_pick(n, 3, 10000)) END AS state
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
), told AS (
    SELECT *, to_timestamp(ms / 1000.0) AS at, bench_id(ms, n) AS message_id,
        state IN ('delivered', 'undelivered', 'accepted', 'sent') AS was_accepted,
        state NOT IN ('queued', 'suppressed', 'expired', 'cancelled') AS was_sent
    FROM made
), message AS (
    INSERT INTO messaging_message (id, channel_id, credential_id, subject_id, msisdn, sender, route, purpose, source, text,
        profile, reference, in_reply_to, state, reason, detail, part_count, segments, country, priority, provider_id,
        possible_duplicate, due_at, valid_until, claims, tries, uncounted_tries, created_at, accepted_at, finished_at)
    SELECT t.message_id, c.channel_id, c.credential_id, p.subject_id, p.msisdn, c.sender, '', c.purpose,
        CASE WHEN kind = 99 AND n %% 50 = 0 THEN 'admin' ELSE 'api' END,
        'Order ' || n || ': your parcel is on its way and arrives between ' || n %% 12 || ' and ' || n %% 12 + 2 || ' o''clock.',
        '{}', CASE WHEN n %% 4 = 0 THEN 'order-' || n ELSE '' END, '', t.state,
        CASE state WHEN 'suppressed' THEN 'opted_out' WHEN 'failed' THEN 'refused' WHEN 'delivered' THEN 'report'
            WHEN 'undelivered' THEN 'report' WHEN 'expired' THEN 'validity_over' WHEN 'unknown' THEN 'answer_lost'
            WHEN 'cancelled' THEN 'by_staff' ELSE '' END,
        CASE WHEN state IN ('delivered', 'undelivered') THEN upper(state) ELSE '' END, 1, 1, 'US', c.priority,
        CASE WHEN was_accepted THEN 'SM' || md5(n::text) ELSE '' END, false, at, at + interval '24 hours',
        was_sent::int, was_sent::int, 0, at, CASE WHEN was_accepted THEN at + interval '2 seconds' END,
        CASE WHEN state NOT IN ('queued', 'accepted', 'sent', 'unknown') THEN at + interval '9 seconds' END
    FROM told t JOIN bench_person AS p (pn, msisdn, subject_id) ON p.pn = t.person
        JOIN bench_channel c ON c.slot = CASE WHEN n < %(many)s / 20 AND kind < 50 THEN 100 WHEN n %% 100000 = 7 THEN 101 ELSE kind END
), part AS (
    INSERT INTO messaging_messagepart (message_id, number, text, state, provider_id)
    SELECT message_id, 1, '', CASE WHEN NOT was_sent THEN 'waiting' ELSE state END,
        CASE WHEN was_accepted THEN 'SM' || md5(n::text) ELSE '' END FROM told
), attempt AS (
    INSERT INTO messaging_attempt (message_id, part, number, started_at, elapsed_ms, outcome, failure, http_status, code,
        detail, judged_by, request, response)
    SELECT message_id, 1, 1, at + interval '2 seconds', 80, CASE WHEN was_accepted THEN 'accepted' ELSE state END, '',
        CASE state WHEN 'failed' THEN 400 WHEN 'unknown' THEN 502 ELSE 201 END, '', '', '2xx',
        jsonb_build_object('method', 'POST', 'url', 'https://api.provider.example/v1/messages', 'headers',
            jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ***'), 'body', '{"to":"' || person || '"}'),
        jsonb_build_object('status', 201, 'headers', jsonb_build_object('Content-Type', 'application/json'), 'body',
            '{"id":"SM' || md5(n::text) || '"}')
    FROM told WHERE was_sent
)
INSERT INTO messaging_messageevent (message_id, at, before, after, reason, detail, actor)
SELECT message_id, at + step.later, step.before, coalesce(step.after, state), '', '', ''
FROM told JOIN (VALUES
    (interval '0', '', 'queued', 0), (interval '1 second', 'queued', 'claimed', 1), (interval '2 seconds', 'claimed', NULL, 1)
) AS step (later, before, after, rank) ON step.rank = 0 OR state <> 'queued'
ORDER BY message_id, step.rank, step.later
