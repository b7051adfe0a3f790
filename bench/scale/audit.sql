INSERT INTO access_auditentry (at, actor, actor_id, action, object_type, object_id, object_repr, changes, address)
SELECT to_timestamp(bench_ms(n, %(many)s, %(days)s, %(until)s) / 1000.0), 'staff' || n %% 40, (n %% 40)::text,
    (array['changed', 'added', 'sent message', 'decided', 'downloaded evidence', 'cancel'])[1 + n %% 6],
    (array['messaging.message', 'consent.consentsubject', 'webhooks.webhook'])[1 + n %% 3], n::text, 'Object ' || n,
    jsonb_build_object('name', jsonb_build_object('before', 'a', 'after', 'b')), '10.0.' || n %% 250 || '.' || n %% 200
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
