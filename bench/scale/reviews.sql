INSERT INTO consent_consentreview (subject_id, event_id, kind, scope, purpose, paused, messages, opened_at, lapses_at,
    due_at, state, decision, decided_by, reason, decided_at)
SELECT DISTINCT ON (e.subject_id) e.subject_id, e.id, 'free_words', 'all', 'all', 'marketing', 1, now(),
    now() + interval '9 days' * p.n / %(many)s, now() + interval '10 days', CASE WHEN p.n %% 10 = 0 THEN 'open' ELSE 'decided' END,
    CASE WHEN p.n %% 10 = 0 THEN '' ELSE 'opt_out' END, '', '', CASE WHEN p.n %% 10 <> 0 THEN now() END
FROM bench_person p JOIN consent_consentevent e ON e.subject_id = p.subject_id
WHERE p.n BETWEEN %(first)s AND %(last)s
