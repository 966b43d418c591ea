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

------------------------------------------------------------------------------------------------- making shapes

CREATE OR REPLACE FUNCTION vo.circle_shape(ra float8, "dec" float8, radius float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x float8 := cos(radians("dec")) * cos(radians(ra));
  y float8 := cos(radians("dec")) * sin(radians(ra));
  z float8 := sin(radians("dec"));
  r float8 := radians(radius);
BEGIN
  IF NOT (radius BETWEEN 0 AND 180) THEN
    RAISE EXCEPTION 'a radius is between 0 and 180 degrees, got %', radius USING ERRCODE = '22023';
  END IF;
  IF NOT ("dec" BETWEEN -90 AND 90) THEN
    RAISE EXCEPTION 'a declination is between -90 and 90 degrees, got %', "dec" USING ERRCODE = '22023';
  END IF;
  RETURN ARRAY[1, x, y, z, power(sqrt(vo.chord2(r)) + 2e-15, 2),
               CASE WHEN r > 1e-12 THEN power(sqrt(vo.chord2(r)) - 2e-15, 2) ELSE -1 END,
               0, x, y, z, r];
END $$;

CREATE OR REPLACE FUNCTION vo.point_shape(ra float8, "dec" float8) RETURNS float8[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT vo.circle_shape(ra, "dec", 0) $$;

-- A polygon from right ascensions and declinations in turn; its cap is around the middle of the vertices.
CREATE OR REPLACE FUNCTION vo.polygon_shape(VARIADIC coordinates float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := cardinality(coordinates) / 2;
  v float8[] := '{}';
  x float8 := 0; y float8 := 0; z float8 := 0;
  size float8;
  reach float8 := 0;
  a float8; d float8;
BEGIN
  IF cardinality(coordinates) % 2 = 1 OR n < 3 THEN
    RAISE EXCEPTION 'a polygon has three or more pairs of coordinates' USING ERRCODE = '22023';
  END IF;
  FOR i IN 0 .. n - 1 LOOP
    a := radians(coordinates[2 * i + 1]);
    d := radians(coordinates[2 * i + 2]);
    IF a IS NULL OR d IS NULL THEN
      RETURN NULL;
    END IF;
    v := v || ARRAY[cos(d) * cos(a), cos(d) * sin(a), sin(d)];
    x := x + v[3 * i + 1]; y := y + v[3 * i + 2]; z := z + v[3 * i + 3];
  END LOOP;
  size := sqrt(x * x + y * y + z * z);
  IF size > 1e-9 THEN
    x := x / size; y := y / size; z := z / size;
    FOR i IN 0 .. n - 1 LOOP
      reach := greatest(reach, vo.angle(x, y, z, v[3 * i + 1], v[3 * i + 2], v[3 * i + 3]));
    END LOOP;
  END IF;
  IF size <= 1e-9 OR reach > radians(88) THEN
    RAISE EXCEPTION 'a polygon must fit into a circle of 88 degrees radius' USING ERRCODE = '22023';
  END IF;
  RETURN ARRAY[1, x, y, z, power(sqrt(vo.chord2(reach)) + 2e-15, 2), -1, n, x, y, z, reach + 4e-15] || v;
END $$;

-- The box of ADQL 2.1: great circles at right angles to the ends of a cross.
CREATE OR REPLACE FUNCTION vo.box_shape(ra float8, "dec" float8, width float8, height float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  lon float8 := radians(width / 2);
  lat float8;
  c float8 := cos(radians("dec")); s float8 := sin(radians("dec"));
  corners float8[] := '{}';
  x float8; y float8; z float8;
BEGIN
  IF NOT (width > 0 AND width < 180 AND height > 0 AND height < 180) THEN
    RAISE EXCEPTION 'a BOX has sizes above 0 and below 180 degrees, got % and %', width, height
      USING ERRCODE = '22023';
  END IF;
  lat := atan(tan(radians(height / 2)) * cos(lon));
  FOR i IN 1 .. 4 LOOP
    x := cos(lat) * cos(lon);
    y := cos(lat) * sin(lon) * (CASE WHEN i IN (1, 4) THEN 1 ELSE -1 END);
    z := sin(lat) * (CASE WHEN i >= 3 THEN 1 ELSE -1 END);
    corners := corners || ARRAY[ra + degrees(atan2(y, c * x - s * z)),
                                degrees(asin(greatest(-1, least(1, s * x + c * z))))];
  END LOOP;
  RETURN vo.polygon_shape(VARIADIC corners);
END $$;

------------------------------------------------------------------------------------------------- reading shapes

-- The bounding box of the outer cap.
CREATE OR REPLACE FUNCTION vo.shape_box(shape float8[]) RETURNS cube
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  radius float8 := 2 * asin(least(1, sqrt(shape[5]) / 2)) + 1e-12;
  tilt float8;
  low float8[] := '{}';
  high float8[] := '{}';
BEGIN
  FOR i IN 2 .. 4 LOOP
    -- Not acos, which is good to 1e-8 only near the axis.
    tilt := atan2(sqrt(power(shape[2 + (i - 1) % 3], 2) + power(shape[2 + i % 3], 2)), shape[i]);
    low := low || CASE WHEN tilt + radius >= pi() THEN -1 ELSE cos(tilt + radius) - 1e-15 END;
    high := high || CASE WHEN tilt <= radius THEN 1 ELSE cos(tilt - radius) + 1e-15 END;
  END LOOP;
  RETURN format('(%s),(%s)', array_to_string(low, ','), array_to_string(high, ','))::cube;
END $$;

-- Square degrees within the shape, parts added up.
CREATE OR REPLACE FUNCTION vo.area(shape float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  total float8 := 0;
  part float8;
  k int := 7; n int; a int; b int;
  x float8; y float8; z float8;
BEGIN
  FOR i IN 1 .. shape[1]::int LOOP
    n := shape[k]::int;
    x := shape[k + 1]; y := shape[k + 2]; z := shape[k + 3];
    IF n = 0 THEN
      part := 4 * pi() * power(sin(shape[k + 4] / 2), 2);
    ELSE
      part := 0;
      FOR j IN 0 .. n - 1 LOOP  -- triangles around the centre (Eriksson 1990)
        a := k + 5 + 3 * j;
        b := k + 5 + 3 * ((j + 1) % n);
        part := part + 2 * atan2(
          x * (shape[a + 1] * shape[b + 2] - shape[a + 2] * shape[b + 1])
            + y * (shape[a + 2] * shape[b] - shape[a] * shape[b + 2])
            + z * (shape[a] * shape[b + 1] - shape[a + 1] * shape[b]),
          1 + x * shape[a] + y * shape[a + 1] + z * shape[a + 2]
            + shape[a] * shape[b] + shape[a + 1] * shape[b + 1] + shape[a + 2] * shape[b + 2]
            + x * shape[b] + y * shape[b + 1] + z * shape[b + 2]);
      END LOOP;
    END IF;
    total := total + abs(part);
    k := k + 5 + 3 * n;
  END LOOP;
  RETURN total * power(180 / pi(), 2);
END $$;

CREATE OR REPLACE FUNCTION vo.ra_of(x float8, y float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN atan2(y, x) < 0 THEN degrees(atan2(y, x)) + 360 ELSE degrees(atan2(y, x)) END
$$;

CREATE OR REPLACE FUNCTION vo.dec_of(x float8, y float8, z float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT degrees(atan2(z, sqrt(x * x + y * y))) $$;

-- The centre of the shape's outer cap.
CREATE OR REPLACE FUNCTION vo.centroid_ra(shape float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT vo.ra_of(shape[2], shape[3]) $$;

CREATE OR REPLACE FUNCTION vo.centroid_dec(shape float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT vo.dec_of(shape[2], shape[3], shape[4]) $$;

-- The shape in STC-S.
CREATE OR REPLACE FUNCTION vo.region_text(shape float8[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  parts text[] := '{}';
  frame text := CASE WHEN shape[1] > 1 THEN '' ELSE ' ICRS' END;
  piece text;
  k int := 7; n int; a int;
BEGIN
  FOR i IN 1 .. shape[1]::int LOOP
    n := shape[k]::int;
    IF n = 0 THEN
      piece := concat_ws(' ', CASE WHEN shape[k + 4] = 0 THEN 'POSITION' ELSE 'CIRCLE' END || frame,
                         vo.ra_of(shape[k + 1], shape[k + 2]),
                         vo.dec_of(shape[k + 1], shape[k + 2], shape[k + 3]));
      IF shape[k + 4] > 0 THEN
        piece := piece || ' ' || degrees(shape[k + 4]);
      END IF;
    ELSE
      piece := 'POLYGON' || frame;
      FOR j IN 0 .. n - 1 LOOP
        a := k + 5 + 3 * j;
        piece := concat_ws(' ', piece, vo.ra_of(shape[a], shape[a + 1]),
                           vo.dec_of(shape[a], shape[a + 1], shape[a + 2]));
      END LOOP;
    END IF;
    parts := parts || piece;
    k := k + 5 + 3 * n;
  END LOOP;
  RETURN CASE WHEN cardinality(parts) = 1 THEN parts[1]
              ELSE 'UNION ICRS ( ' || array_to_string(parts, ' ') || ' )' END;
END $$;

------------------------------------------------------------------------------------------------- points in shapes

-- Whether a unit vector is in one polygon of n vertices that begin at s[k]; it must lie in one hemisphere.
-- Counts the edges that cross the half great circle from the point to its antipode.
CREATE OR REPLACE FUNCTION vo.polygon_has(s float8[], k int, n int, x float8, y float8, z float8) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  mx float8; my float8; mz float8;  -- normal of that half circle's plane
  ax float8; ay float8; az float8;  -- its direction at the point
  j int := k + 3 * (n - 1);
  side float8; along float8; side0 float8; along0 float8;
  inside boolean := false;
BEGIN
  IF abs(x) <= abs(y) AND abs(x) <= abs(z) THEN
    mx := 0; my := z; mz := -y;
  ELSIF abs(y) <= abs(z) THEN
    mx := -z; my := 0; mz := x;
  ELSE
    mx := y; my := -x; mz := 0;
  END IF;
  ax := my * z - mz * y; ay := mz * x - mx * z; az := mx * y - my * x;
  side0 := mx * s[j] + my * s[j + 1] + mz * s[j + 2];
  along0 := ax * s[j] + ay * s[j + 1] + az * s[j + 2];
  j := k;
  FOR i IN 1 .. n LOOP
    side := mx * s[j] + my * s[j + 1] + mz * s[j + 2];
    along := ax * s[j] + ay * s[j + 1] + az * s[j + 2];
    IF (side >= 0) <> (side0 >= 0) AND (side0 * along - side * along0) / (side0 - side) > 0 THEN
      inside := NOT inside;
    END IF;
    side0 := side; along0 := along;
    j := j + 3;
  END LOOP;
  RETURN inside;
END $$;

-- Whether a unit vector is in any part of a shape.
CREATE OR REPLACE FUNCTION vo.shape_has(s float8[], x float8, y float8, z float8) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  k int := 7; n int;
  near float8;
BEGIN
  FOR i IN 1 .. s[1]::int LOOP
    n := s[k]::int;
    near := power(s[k + 1] - x, 2) + power(s[k + 2] - y, 2) + power(s[k + 3] - z, 2);
    IF near <= power(2 * sin(s[k + 4] / 2) + 1e-15, 2) OR s[k + 4] >= pi() THEN
      IF n = 0 THEN
        RETURN true;
      ELSIF vo.polygon_has(s, k + 5, n, x, y, z) THEN
        RETURN true;
      END IF;
    END IF;
    k := k + 5 + 3 * n;
  END LOOP;
  RETURN false;
END $$;

CREATE OR REPLACE FUNCTION vo.contains_vector(s float8[], x float8, y float8, z float8) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN (s[2] - x) * (s[2] - x) + (s[3] - y) * (s[3] - y) + (s[4] - z) * (s[4] - z) > s[5] THEN false
    WHEN (s[2] - x) * (s[2] - x) + (s[3] - y) * (s[3] - y) + (s[4] - z) * (s[4] - z) < s[6] THEN true
    ELSE vo.shape_has(s, x, y, z) END
$$;

CREATE OR REPLACE FUNCTION vo.contains_point(shape float8[], ra float8, "dec" float8) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT vo.contains_vector(shape, cos(radians("dec")) * cos(radians(ra)), cos(radians("dec")) * sin(radians(ra)),
                            sin(radians("dec")))
$$;

------------------------------------------------------------------------------------------------- shapes and shapes

-- The angle (radians) from a unit vector to the outline of the polygon at s[k].
CREATE OR REPLACE FUNCTION vo.outline_distance(s float8[], k int, n int, x float8, y float8, z float8)
RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  least_ float8 := pi();
  a int := k + 3 * (n - 1); b int := k;
  nx float8; ny float8; nz float8; size float8;
BEGIN
  FOR i IN 1 .. n LOOP
    nx := s[a + 1] * s[b + 2] - s[a + 2] * s[b + 1];
    ny := s[a + 2] * s[b] - s[a] * s[b + 2];
    nz := s[a] * s[b + 1] - s[a + 1] * s[b];
    size := sqrt(nx * nx + ny * ny + nz * nz);
    IF size > 0
       AND (s[a + 1] * z - s[a + 2] * y) * nx + (s[a + 2] * x - s[a] * z) * ny + (s[a] * y - s[a + 1] * x) * nz >= 0
       AND (y * s[b + 2] - z * s[b + 1]) * nx + (z * s[b] - x * s[b + 2]) * ny + (x * s[b + 1] - y * s[b]) * nz >= 0
    THEN
      least_ := least(least_, asin(least(1, abs(nx * x + ny * y + nz * z) / size)));
    ELSE
      least_ := least(least_, vo.angle(x, y, z, s[b], s[b + 1], s[b + 2]),
                      vo.angle(x, y, z, s[a], s[a + 1], s[a + 2]));
    END IF;
    a := b;
    b := b + 3;
  END LOOP;
  RETURN least_;
END $$;

-- Whether the outlines of two polygons cross: s[k] with n vertices, t[l] with m.  Touching is not crossing: what is
-- closer to an edge's plane than rounding can tell is on it, so edges of one great circle do not cross.
CREATE OR REPLACE FUNCTION vo.outlines_cross(s float8[], k int, n int, t float8[], l int, m int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a int := k + 3 * (n - 1); b int := k;
  c int; d int;
  nx float8; ny float8; nz float8;
  ox float8; oy float8; oz float8;
  sc float8; sd float8; sa float8; sb float8;
  tiny CONSTANT float8 := 4e-16;
BEGIN
  FOR i IN 1 .. n LOOP
    nx := s[a + 1] * s[b + 2] - s[a + 2] * s[b + 1];
    ny := s[a + 2] * s[b] - s[a] * s[b + 2];
    nz := s[a] * s[b + 1] - s[a + 1] * s[b];
    c := l + 3 * (m - 1);
    d := l;
    sc := nx * t[c] + ny * t[c + 1] + nz * t[c + 2];
    FOR j IN 1 .. m LOOP
      sd := nx * t[d] + ny * t[d + 1] + nz * t[d + 2];
      IF (sc > tiny AND sd < -tiny) OR (sc < -tiny AND sd > tiny) THEN
        ox := t[c + 1] * t[d + 2] - t[c + 2] * t[d + 1];
        oy := t[c + 2] * t[d] - t[c] * t[d + 2];
        oz := t[c] * t[d + 1] - t[c + 1] * t[d];
        sa := ox * s[a] + oy * s[a + 1] + oz * s[a + 2];
        sb := ox * s[b] + oy * s[b + 1] + oz * s[b + 2];
        -- Each arc cuts the other's plane; the two cuts are one place, or opposite ones.
        IF ((sa > tiny AND sb < -tiny) OR (sa < -tiny AND sb > tiny))
           AND (s[a] * abs(sb) + s[b] * abs(sa)) * (t[c] * abs(sd) + t[d] * abs(sc))
             + (s[a + 1] * abs(sb) + s[b + 1] * abs(sa)) * (t[c + 1] * abs(sd) + t[d + 1] * abs(sc))
             + (s[a + 2] * abs(sb) + s[b + 2] * abs(sa)) * (t[c + 2] * abs(sd) + t[d + 2] * abs(sc)) > 0
        THEN
          RETURN true;
        END IF;
      END IF;
      c := d;
      sc := sd;
      d := d + 3;
    END LOOP;
    a := b;
    b := b + 3;
  END LOOP;
  RETURN false;
END $$;

-- Whether a vertex of the polygon at t[l] is on the outline of the polygon at s[k].
CREATE OR REPLACE FUNCTION vo.vertices_touch(s float8[], k int, n int, t float8[], l int, m int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  FOR i IN 0 .. m - 1 LOOP
    IF vo.outline_distance(s, k, n, t[l + 3 * i], t[l + 3 * i + 1], t[l + 3 * i + 2]) < 1e-12 THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- Whether the part of s at k meets the part of t at l.
CREATE OR REPLACE FUNCTION vo.parts_meet(s float8[], k int, t float8[], l int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  m int := t[l]::int;
BEGIN
  IF vo.angle(s[k + 1], s[k + 2], s[k + 3], t[l + 1], t[l + 2], t[l + 3]) > s[k + 4] + t[l + 4] + 1e-15 THEN
    RETURN false;
  ELSIF n = 0 AND m = 0 THEN
    RETURN true;
  ELSIF n = 0 THEN
    RETURN vo.polygon_has(t, l + 5, m, s[k + 1], s[k + 2], s[k + 3])
      OR vo.outline_distance(t, l + 5, m, s[k + 1], s[k + 2], s[k + 3]) <= s[k + 4] + 1e-15;
  ELSIF m = 0 THEN
    RETURN vo.parts_meet(t, l, s, k);
  END IF;
  RETURN vo.polygon_has(s, k + 5, n, t[l + 5], t[l + 6], t[l + 7])
    OR vo.polygon_has(t, l + 5, m, s[k + 5], s[k + 6], s[k + 7])
    OR vo.outlines_cross(s, k + 5, n, t, l + 5, m)
    OR vo.vertices_touch(s, k + 5, n, t, l + 5, m)
    OR vo.vertices_touch(t, l + 5, m, s, k + 5, n);
END $$;

-- Whether the part of s at k holds all of the part of t at l.
CREATE OR REPLACE FUNCTION vo.part_holds(s float8[], k int, t float8[], l int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  m int := t[l]::int;
  v int;
BEGIN
  IF n = 0 AND s[k + 4] >= pi() THEN
    RETURN true;
  ELSIF m = 0 THEN
    IF n = 0 THEN
      RETURN vo.angle(s[k + 1], s[k + 2], s[k + 3], t[l + 1], t[l + 2], t[l + 3]) + t[l + 4] <= s[k + 4] + 1e-15;
    END IF;
    RETURN vo.polygon_has(s, k + 5, n, t[l + 1], t[l + 2], t[l + 3])
      AND vo.outline_distance(s, k + 5, n, t[l + 1], t[l + 2], t[l + 3]) >= t[l + 4] - 1e-15;
  ELSIF n = 0 AND s[k + 4] >= pi() / 2 THEN  -- a large cap: the polygon must stay out of what is left
    RETURN NOT vo.polygon_has(t, l + 5, m, -s[k + 1], -s[k + 2], -s[k + 3])
      AND vo.outline_distance(t, l + 5, m, -s[k + 1], -s[k + 2], -s[k + 3]) >= pi() - s[k + 4] - 1e-15;
  END IF;
  FOR i IN 0 .. m - 1 LOOP
    v := l + 5 + 3 * i;
    IF n = 0 THEN
      IF vo.angle(s[k + 1], s[k + 2], s[k + 3], t[v], t[v + 1], t[v + 2]) > s[k + 4] + 1e-15 THEN
        RETURN false;
      END IF;
    ELSIF NOT vo.polygon_has(s, k + 5, n, t[v], t[v + 1], t[v + 2])
          AND vo.outline_distance(s, k + 5, n, t[v], t[v + 1], t[v + 2]) > 1e-12 THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN n = 0 OR NOT vo.outlines_cross(s, k + 5, n, t, l + 5, m);
END $$;

CREATE OR REPLACE FUNCTION vo.shapes_meet(s float8[], t float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  k int := 7; l int;
BEGIN
  FOR i IN 1 .. s[1]::int LOOP
    l := 7;
    FOR j IN 1 .. t[1]::int LOOP
      IF vo.parts_meet(s, k, t, l) THEN
        RETURN true;
      END IF;
      l := l + 5 + 3 * t[l]::int;
    END LOOP;
    k := k + 5 + 3 * s[k]::int;
  END LOOP;
  RETURN false;
END $$;

-- Every part of the inner shape in one part of the outer; a part that only several cover together is not found.
CREATE OR REPLACE FUNCTION vo.shape_holds(s float8[], t float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  k int; l int := 7;
  found_ boolean;
BEGIN
  FOR j IN 1 .. t[1]::int LOOP
    k := 7;
    found_ := false;
    FOR i IN 1 .. s[1]::int LOOP
      found_ := vo.part_holds(s, k, t, l);
      EXIT WHEN found_;
      k := k + 5 + 3 * s[k]::int;
    END LOOP;
    IF NOT found_ THEN
      RETURN false;
    END IF;
    l := l + 5 + 3 * t[l]::int;
  END LOOP;
  RETURN true;
END $$;

-- Squared chord of the centres, with which the caps decide.
CREATE OR REPLACE FUNCTION vo.centers_apart(a float8[], b float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (a[2] - b[2]) * (a[2] - b[2]) + (a[3] - b[3]) * (a[3] - b[3]) + (a[4] - b[4]) * (a[4] - b[4])
$$;

-- Chords are at least as long as angles allow: chord(r1 + r2) <= chord(r1) + chord(r2).
CREATE OR REPLACE FUNCTION vo.intersects(a float8[], b float8[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN sqrt(vo.centers_apart(a, b)) > sqrt(a[5]) + sqrt(b[5]) THEN false
    WHEN a[6] > 0 AND vo.centers_apart(a, b) < a[6] AND b[1] = 1 AND b[7] = 0 THEN true
    ELSE vo.shapes_meet(a, b) END
$$;

CREATE OR REPLACE FUNCTION vo.contains(outer_shape float8[], inner_shape float8[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN sqrt(vo.centers_apart(outer_shape, inner_shape)) > sqrt(outer_shape[5]) + sqrt(inner_shape[5]) THEN false
    WHEN outer_shape[6] > 0
      AND sqrt(vo.centers_apart(outer_shape, inner_shape)) + sqrt(inner_shape[5]) < sqrt(outer_shape[6]) THEN true
    ELSE vo.shape_holds(outer_shape, inner_shape) END
$$;
