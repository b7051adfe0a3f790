INSERT INTO consent_suppression (subject_id, scope, code, source, note, until, created_at, created_by, lifted_by, lifted_at)
SELECT subject_id, 'all', 'unreachable', 'automatic', '', now() + interval '90 days', now() - interval '1 day' * (n %% 60),
    '', '', CASE WHEN n %% 5 = 0 THEN now() END
FROM bench_person WHERE n BETWEEN %(first)s AND %(last)s
