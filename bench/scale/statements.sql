-- An id as core.ids makes it: milliseconds, then bits that look random and are the same for the same n.
CREATE OR REPLACE FUNCTION bench_id(ms bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid
$$;
-- A number from 0 to most - 1 that is the same for the same n and salt.
CREATE OR REPLACE FUNCTION bench_pick(n bigint, salt bigint, most bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT mod(mod(hashint8extended(n, salt), most) + most, most)
$$;
-- Row n of so many comes at this moment (milliseconds): days and nights, the last one now.
CREATE OR REPLACE FUNCTION bench_ms(n bigint, many bigint, days bigint, until bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT until - days * 86400000 + (t + 10800000 * (sin(2 * pi() * t / 86400000) - sin(2 * pi() * days)))::bigint
    FROM (SELECT n::double precision * days * 86400000 / many AS t) AS even
$$;
-- What becomes of a message, by shares of ten thousand.
CREATE OR REPLACE FUNCTION bench_state(p bigint) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p < 8800 THEN 'delivered' WHEN p < 9200 THEN 'undelivered' WHEN p < 9450 THEN 'accepted'
        WHEN p < 9550 THEN 'sent' WHEN p < 9750 THEN 'failed' WHEN p < 9880 THEN 'suppressed'
        WHEN p < 9950 THEN 'expired' WHEN p < 9975 THEN 'unknown' ELSE 'cancelled' END
$$;
