-- Geometry on the sphere: distances, shapes and their exact tests.
--
-- The layout of a shape (float8[]) is told in vo_server/sky/shapes.py: 1 parts, 2-4 centre, 5 outer and 6 inner
-- cap as squared chords, then per part n, centre (3), radius in radians, 3 n numbers.  Positions are degrees ICRS.
-- Wrappers are SQL that PostgreSQL draws into the query, so that the caps decide before a function is called;
-- the loops are PL/pgSQL.  NULL in, NULL out.

CREATE SCHEMA IF NOT EXISTS vo;
GRANT USAGE ON SCHEMA vo TO PUBLIC;

-- The angle between two positions, degrees; exact for close and for opposite ones (Vincenty 1975).
CREATE OR REPLACE FUNCTION vo.distance(ra1 float8, dec1 float8, ra2 float8, dec2 float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT degrees(atan2(
    sqrt(power(cos(radians(dec2)) * sin(radians(ra2 - ra1)), 2)
       + power(cos(radians(dec1)) * sin(radians(dec2))
             - sin(radians(dec1)) * cos(radians(dec2)) * cos(radians(ra2 - ra1)), 2)),
    sin(radians(dec1)) * sin(radians(dec2))
      + cos(radians(dec1)) * cos(radians(dec2)) * cos(radians(ra2 - ra1))))
$$;

-- The squared chord of an angle in radians.
CREATE OR REPLACE FUNCTION vo.chord2(angle float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN angle >= pi() THEN 5 ELSE 4 * power(sin(angle / 2), 2) END
$$;

-- The angle between two unit vectors, radians.
CREATE OR REPLACE FUNCTION vo.angle(ax float8, ay float8, az float8, bx float8, by float8, bz float8)
RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT 2 * atan2(sqrt((ax - bx) * (ax - bx) + (ay - by) * (ay - by) + (az - bz) * (az - bz)),
                   sqrt((ax + bx) * (ax + bx) + (ay + by) * (ay + by) + (az + bz) * (az + bz)))
$$;
