-- The functions of PostgreSQL's schema vo that DuckDB needs, and what it lacks of PostgreSQL's arithmetic.
-- NULL in, NULL out.  An argument is written as often as it is used, so that calls in calls grow fast: the
-- translator stops that.

CREATE SCHEMA vo;

-- The angle between two positions, degrees; exact for close and for opposite ones (Vincenty 1975).
CREATE MACRO vo.distance(ra1, dec1, ra2, dec2) AS degrees(atan2(
  sqrt(power(cos(radians(dec2)) * sin(radians(ra2 - ra1)), 2)
     + power(cos(radians(dec1)) * sin(radians(dec2))
           - sin(radians(dec1)) * cos(radians(dec2)) * cos(radians(ra2 - ra1)), 2)),
  sin(radians(dec1)) * sin(radians(dec2))
    + cos(radians(dec1)) * cos(radians(dec2)) * cos(radians(ra2 - ra1))));

-- Up to `length` characters from the one at `start`, counted from 1; those before 1 count and are none.
CREATE MACRO vo.part_of_text(value, start, length) AS
  substr(value, greatest(1, start), greatest(0, start + greatest(0, length) - greatest(1, start)));

-- A text that is a whole number: a cast would take '3.5' and '1e3' too.
CREATE MACRO vo.whole(words) AS CASE
  WHEN words IS NULL OR regexp_full_match(words, '\s*[+-]?[0-9]+\s*') THEN words
  ELSE error('invalid input syntax for a whole number') END;

-- A number as PostgreSQL writes it: the shortest text, with an exponent from 1e<digits> on.
CREATE MACRO vo.number_text(x, digits) AS CASE
  WHEN isnan(x) THEN 'NaN'
  WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
  WHEN abs(x) < power(10, digits) OR contains(x::varchar, 'e') THEN regexp_replace(x::varchar, '\.0$', '')
  ELSE regexp_replace(
    regexp_replace(replace(regexp_replace(x::varchar, '\.0$', ''), '.', ''), '^(-?\d)(\d*?)0*$', '\1.\2'), '\.$', '')
    || 'e+' || lpad((length(regexp_replace(x::varchar, '\..*$|-', '', 'g')) - 1)::varchar, 2, '0') END;

-- What PostgreSQL reports, where the plain functions give infinity, zero or NaN.
CREATE MACRO vo.exp(x) AS CASE
  WHEN isinf(exp(x)) AND NOT isinf(x) THEN error('value out of range: overflow')
  WHEN exp(x) = 0 AND NOT isinf(x) THEN error('value out of range: underflow')
  ELSE exp(x) END;
CREATE MACRO vo.power(x, y) AS CASE
  WHEN x < 0 AND y <> floor(y) THEN error('a negative number raised to a non-integer power yields a complex result')
  WHEN isinf(power(x, y)) AND NOT isinf(x) AND NOT isinf(y) THEN error('value out of range: overflow')
  WHEN power(x, y) = 0 AND x <> 0 AND NOT isinf(x) AND NOT isinf(y) THEN error('value out of range: underflow')
  ELSE power(x, y) END;

-- Decimal places of the shortest text of a number, half away from zero.  What has more than 20 digits before
-- the point has none behind it.
CREATE MACRO vo.round_to(x, places) AS CASE
  WHEN abs(x) < 1 THEN round(x::varchar::decimal(38, 36), places)::double
  WHEN abs(x) < 1e19 THEN round(x::varchar::decimal(38, 18), places)::double
  ELSE x::double END;
CREATE MACRO vo.trunc_to(x, places) AS CASE
  WHEN abs(x) < 1 THEN trunc(x::varchar::decimal(38, 36), places)::double
  WHEN abs(x) < 1e19 THEN trunc(x::varchar::decimal(38, 18), places)::double
  ELSE x::double END;

-- Degrees of 'd:m:s', 'ddmmss' or 'dDmMsS' with an optional sign; NULL for other texts.
CREATE MACRO vo.sixty(found) AS CASE
  WHEN found[1] IS NULL OR found[3] = '' OR found[3]::int >= 60 OR found[4]::double >= 60 THEN NULL
  ELSE (CASE WHEN found[1] = '-' THEN -1 ELSE 1 END)
    * (found[2]::double + found[3]::double / 60 + found[4]::double / 3600) END;
CREATE MACRO vo.pieces(words, pattern) AS
  list_value(regexp_extract(words, pattern, 1), regexp_extract(words, pattern, 2),
             regexp_extract(words, pattern, 3), regexp_extract(words, pattern, 4));
CREATE MACRO vo.sexagesimal(words, unit) AS coalesce(
  vo.sixty(vo.pieces(words, '^\s*([+-]?)(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)\s*$')),
  vo.sixty(vo.pieces(words, '^\s*([+-]?)(\d{2})(\d{2})(\d{2}(?:\.\d*)?)\s*$')),
  vo.sixty(vo.pieces(words, '(?i)^\s*([+-]?)(\d{1,3})' || unit || '(\d{1,2})m(\d{1,2}(?:\.\d*)?)s\s*$')));

-- Whether a position is in a region: one part of it after the other, each as PostgreSQL's shapes have it: n, unit
-- vector of the centre, radius in radians, and the unit vectors of n vertices; none of a circle.
CREATE MACRO vo.dot(v, k, w) AS v[k] * w[1] + v[k + 1] * w[2] + v[k + 2] * w[3];
-- A normal to a unit vector, from its two larger coordinates; and the product of two vectors.
CREATE MACRO vo.normal(p) AS CASE
  WHEN abs(p[1]) <= abs(p[2]) AND abs(p[1]) <= abs(p[3]) THEN [0, p[3], -p[2]]
  WHEN abs(p[2]) <= abs(p[3]) THEN [-p[3], 0, p[1]]
  ELSE [p[2], -p[1], 0] END;
CREATE MACRO vo.cross_product(m, p) AS
  [m[2] * p[3] - m[3] * p[2], m[3] * p[1] - m[1] * p[3], m[1] * p[2] - m[2] * p[1]];
-- Whether an edge, told by two pairs of coordinates, crosses the half circle from a point to its antipode.
CREATE MACRO vo.crosses(a, b) AS CASE
  WHEN (b[1] >= 0) <> (a[1] >= 0) THEN (a[1] * b[2] - b[1] * a[2]) / (a[1] - b[1]) > 0 ELSE false END;
-- The coordinates of the n vertices of a part: to the side of the half circle's plane, and along it.
CREATE MACRO vo.seen_along(part, m, a) AS
  list_transform(range(part[1]::bigint), lambda i: [vo.dot(part, 6 + 3 * i, m), vo.dot(part, 6 + 3 * i, a)]);
CREATE MACRO vo.crossings(seen) AS len(list_filter(
  range(1, len(seen) + 1), lambda i: vo.crosses(seen[CASE WHEN i = 1 THEN -1 ELSE i - 1 END], seen[i])));
CREATE MACRO vo.polygon_has(part, p) AS vo.dot(part, 2, p) > 0 AND list_transform(
  list_transform([vo.normal(p)], lambda m: vo.seen_along(part, m, vo.cross_product(m, p))),
  lambda seen: vo.crossings(seen))[1] % 2 = 1;
CREATE MACRO vo.part_has(part, p) AS
  (power(part[2] - p[1], 2) + power(part[3] - p[2], 2) + power(part[4] - p[3], 2)
     <= power(2 * sin(part[5] / 2) + 1e-15, 2) OR part[5] >= pi())
  AND CASE WHEN part[1] = 0 THEN true ELSE vo.polygon_has(part, p) END;
CREATE MACRO vo.contains_point(parts, ra, dec) AS CASE WHEN ra IS NULL OR dec IS NULL THEN NULL ELSE
  list_transform([[cos(radians(dec)) * cos(radians(ra)), cos(radians(dec)) * sin(radians(ra)), sin(radians(dec))]],
    lambda p: len(list_filter(parts, lambda part: vo.part_has(part, p))) > 0)[1] END;
