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

-- The corners of the bounding box of the outer cap: three least and three greatest coordinates.
CREATE OR REPLACE FUNCTION vo.shape_bounds(shape float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  radius float8 := 2 * asin(least(1, sqrt(shape[5]) / 2)) + 1e-12;
  tilt float8;
  low float8[] := '{}';
  high float8[] := '{}';
BEGIN
  FOR i IN 2 .. 4 LOOP
    tilt := acos(greatest(-1, least(1, shape[i])));
    low := low || CASE WHEN tilt + radius >= pi() THEN -1 ELSE cos(tilt + radius) - 1e-15 END;
    high := high || CASE WHEN tilt <= radius THEN 1 ELSE cos(tilt - radius) + 1e-15 END;
  END LOOP;
  RETURN low || high;
END $$;

-- RETURN binds the names when the function is made: it works wherever the extension cube is, whatever the
-- search_path of its caller.
CREATE OR REPLACE FUNCTION vo.shape_box(shape float8[]) RETURNS cube
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT cube(b[1:3], b[4:6]) FROM (SELECT vo.shape_bounds(shape) OFFSET 0) AS bounds (b));

-- The area of the part at s[k] in steradians, and the integral of the unit vector over it.
CREATE OR REPLACE FUNCTION vo.part_moment(s float8[], k int) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  x float8 := s[k + 1]; y float8 := s[k + 2]; z float8 := s[k + 3];
  a int := k + 2 + 3 * n;
  b int := k + 5;
  ux float8; uy float8; uz float8; vx float8; vy float8; vz float8;
  nx float8; ny float8; nz float8; size float8;
  piece float8;
  area float8 := 0; sx float8 := 0; sy float8 := 0; sz float8 := 0;
BEGIN
  IF n = 0 THEN
    size := pi() * power(sin(s[k + 4]), 2);
    RETURN ARRAY[4 * pi() * power(sin(s[k + 4] / 2), 2), size * x, size * y, size * z];
  END IF;
  FOR j IN 1 .. n LOOP
    -- Triangles around the centre (Eriksson 1990), from differences, which are exact for small ones.
    ux := s[a] - x; uy := s[a + 1] - y; uz := s[a + 2] - z;
    vx := s[b] - x; vy := s[b + 1] - y; vz := s[b + 2] - z;
    piece := 2 * atan2(
      x * (uy * vz - uz * vy) + y * (uz * vx - ux * vz) + z * (ux * vy - uy * vx),
      1 + x * (s[a] + s[b]) + y * (s[a + 1] + s[b + 1]) + z * (s[a + 2] + s[b + 2])
        + s[a] * s[b] + s[a + 1] * s[b + 1] + s[a + 2] * s[b + 2]);
    area := area + piece;
    IF s[k + 4] < 0.002 THEN  -- as in the plane: what is left out is below 1e-9 radians
      sx := sx + piece * (x + (ux + vx) / 3);
      sy := sy + piece * (y + (uy + vy) / 3);
      sz := sz + piece * (z + (uz + vz) / 3);
    ELSE  -- half the sum of the edges' lengths along their normals (Stokes)
      nx := s[a + 1] * s[b + 2] - s[a + 2] * s[b + 1];
      ny := s[a + 2] * s[b] - s[a] * s[b + 2];
      nz := s[a] * s[b + 1] - s[a + 1] * s[b];
      size := sqrt(nx * nx + ny * ny + nz * nz);
      IF size > 0 THEN
        size := vo.angle(s[a], s[a + 1], s[a + 2], s[b], s[b + 1], s[b + 2]) / (2 * size);
        sx := sx + size * nx; sy := sy + size * ny; sz := sz + size * nz;
      END IF;
    END IF;
    a := b;
    b := b + 3;
  END LOOP;
  IF area < 0 THEN
    RETURN ARRAY[-area, -sx, -sy, -sz];
  END IF;
  RETURN ARRAY[area, sx, sy, sz];
END $$;

-- Square degrees within the shape, parts added up.
CREATE OR REPLACE FUNCTION vo.area(shape float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  total float8 := 0;
  k int := 7;
BEGIN
  FOR i IN 1 .. shape[1]::int LOOP
    total := total + (vo.part_moment(shape, k))[1];
    k := k + 5 + 3 * shape[k]::int;
  END LOOP;
  RETURN total * power(180 / pi(), 2);
END $$;

-- The direction of the centroid, of any length: the mean of the unit vectors in all parts.  Points, and what is
-- the same all around the sphere, have the centre of the cap.
CREATE OR REPLACE FUNCTION vo.centroid(shape float8[]) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  part float8[];
  k int := 7;
  area float8 := 0; x float8 := 0; y float8 := 0; z float8 := 0;
BEGIN
  FOR i IN 1 .. shape[1]::int LOOP
    part := vo.part_moment(shape, k);
    area := area + part[1];
    x := x + part[2]; y := y + part[3]; z := z + part[4];
    k := k + 5 + 3 * shape[k]::int;
  END LOOP;
  IF abs(x) + abs(y) + abs(z) > 1e-12 * area THEN
    RETURN ARRAY[x, y, z];
  END IF;
  RETURN shape[2:4];
END $$;

CREATE OR REPLACE FUNCTION vo.ra_of(x float8, y float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN atan2(y, x) < 0 THEN degrees(atan2(y, x)) + 360 ELSE degrees(atan2(y, x)) END
$$;

CREATE OR REPLACE FUNCTION vo.dec_of(x float8, y float8, z float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT degrees(atan2(z, sqrt(x * x + y * y))) $$;

CREATE OR REPLACE FUNCTION vo.centroid_ra(shape float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT vo.ra_of(c[1], c[2]) FROM (SELECT vo.centroid(shape) OFFSET 0) AS found (c)
$$;

CREATE OR REPLACE FUNCTION vo.centroid_dec(shape float8[]) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT vo.dec_of(c[1], c[2], c[3]) FROM (SELECT vo.centroid(shape) OFFSET 0) AS found (c)
$$;

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

-- Whether a unit vector is in the polygon of a part, whose n vertices begin at s[k].
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
  -- From the other hemisphere the half circle would end inside, and the count tell of the antipode.
  IF x * s[k - 4] + y * s[k - 3] + z * s[k - 2] <= 0 THEN
    RETURN false;
  END IF;
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

-- The angle (radians) from a unit vector p to the arc from a to b.  Differences of neighbours are exact, so
-- small arcs lose nothing.
CREATE OR REPLACE FUNCTION vo.arc_distance(
  px float8, py float8, pz float8, ax float8, ay float8, az float8, bx float8, by float8, bz float8)
RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  nx float8 := ay * (bz - az) - az * (by - ay);
  ny float8 := az * (bx - ax) - ax * (bz - az);
  nz float8 := ax * (by - ay) - ay * (bx - ax);
  size float8 := sqrt(nx * nx + ny * ny + nz * nz);
BEGIN
  -- Beside the arc (between the planes at right angles to it through its ends) the great circle is nearest.
  IF size > 0
     AND (ny * az - nz * ay) * (px - ax) + (nz * ax - nx * az) * (py - ay) + (nx * ay - ny * ax) * (pz - az) >= 0
     AND (ny * bz - nz * by) * (px - bx) + (nz * bx - nx * bz) * (py - by) + (nx * by - ny * bx) * (pz - bz) <= 0
  THEN
    RETURN asin(least(1, abs(nx * (px - ax) + ny * (py - ay) + nz * (pz - az)) / size));
  END IF;
  RETURN least(vo.angle(px, py, pz, ax, ay, az), vo.angle(px, py, pz, bx, by, bz));
END $$;

-- The angle (radians) from a unit vector to the outline of the polygon at s[k].
CREATE OR REPLACE FUNCTION vo.outline_distance(s float8[], k int, n int, x float8, y float8, z float8)
RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  nearest float8 := pi();
  a int := k + 3 * (n - 1);
  b int := k;
BEGIN
  FOR i IN 1 .. n LOOP
    nearest := least(nearest, vo.arc_distance(x, y, z, s[a], s[a + 1], s[a + 2], s[b], s[b + 1], s[b + 2]));
    a := b;
    b := b + 3;
  END LOOP;
  RETURN nearest;
END $$;

-- How the arcs a-b and c-d meet: 0 not at all, 1 in a point inside both, 2 where one only touches the other, to
-- 1e-12 radians.
CREATE OR REPLACE FUNCTION vo.arcs_meet(s float8[], a int, b int, t float8[], c int, d int, sc float8, sd float8)
RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  tiny CONSTANT float8 := 1e-12;
  ox float8 := t[c + 1] * (t[d + 2] - t[c + 2]) - t[c + 2] * (t[d + 1] - t[c + 1]);
  oy float8 := t[c + 2] * (t[d] - t[c]) - t[c] * (t[d + 2] - t[c + 2]);
  oz float8 := t[c] * (t[d + 1] - t[c + 1]) - t[c + 1] * (t[d] - t[c]);
  size float8 := sqrt(ox * ox + oy * oy + oz * oz);
  sa float8 := 0;
  sb float8 := 0;
BEGIN
  IF size > 0 THEN
    sa := (ox * (s[a] - t[c]) + oy * (s[a + 1] - t[c + 1]) + oz * (s[a + 2] - t[c + 2])) / size;
    sb := (ox * (s[b] - t[c]) + oy * (s[b + 1] - t[c + 1]) + oz * (s[b + 2] - t[c + 2])) / size;
  END IF;
  IF (sa > tiny AND sb > tiny) OR (sa < -tiny AND sb < -tiny) THEN
    RETURN 0;
  ELSIF least(abs(sa), abs(sb), abs(sc), abs(sd)) > tiny THEN
    -- Each arc cuts the other's plane: in one place when they turn alike, else in opposite places of the sky.
    RETURN CASE WHEN (sd > 0) = (sa > 0) THEN 1 ELSE 0 END;
  END IF;
  RETURN CASE WHEN
    vo.arc_distance(s[a], s[a + 1], s[a + 2], t[c], t[c + 1], t[c + 2], t[d], t[d + 1], t[d + 2]) < tiny
    OR vo.arc_distance(s[b], s[b + 1], s[b + 2], t[c], t[c + 1], t[c + 2], t[d], t[d + 1], t[d + 2]) < tiny
    OR vo.arc_distance(t[c], t[c + 1], t[c + 2], s[a], s[a + 1], s[a + 2], s[b], s[b + 1], s[b + 2]) < tiny
    OR vo.arc_distance(t[d], t[d + 1], t[d + 2], s[a], s[a + 1], s[a + 2], s[b], s[b + 1], s[b + 2]) < tiny
    THEN 2 ELSE 0 END;
END $$;

-- Whether the outlines of the polygons of the parts s[k] and t[l] have a point in common; with `crossing`, whether
-- they cross and not only touch.
CREATE OR REPLACE FUNCTION vo.outlines_meet(s float8[], k int, t float8[], l int, crossing boolean) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  tiny CONSTANT float8 := 1e-12;
  n int := s[k]::int;
  m int := t[l]::int;
  reach float8 := sin(least(pi() / 2, t[l + 4])) + tiny;
  a int := k + 2 + 3 * n;
  b int := k + 5;
  c int; d int;
  ax float8; ay float8; az float8;
  ex float8; ey float8; ez float8;
  nx float8; ny float8; nz float8;
  size float8; sc float8; sd float8;
  met int;
BEGIN
  FOR i IN 1 .. n LOOP
    ax := s[a]; ay := s[a + 1]; az := s[a + 2];
    ex := s[b] - ax; ey := s[b + 1] - ay; ez := s[b + 2] - az;
    nx := ay * ez - az * ey; ny := az * ex - ax * ez; nz := ax * ey - ay * ex;
    size := sqrt(nx * nx + ny * ny + nz * nz);
    -- An edge whose great circle misses the cap around t can meet nothing of it.
    IF size > 0 AND abs(nx * (t[l + 1] - ax) + ny * (t[l + 2] - ay) + nz * (t[l + 3] - az)) <= reach * size THEN
      nx := nx / size; ny := ny / size; nz := nz / size;
      c := l + 2 + 3 * m;
      d := l + 5;
      sc := nx * (t[c] - ax) + ny * (t[c + 1] - ay) + nz * (t[c + 2] - az);
      FOR j IN 1 .. m LOOP
        sd := nx * (t[d] - ax) + ny * (t[d + 1] - ay) + nz * (t[d + 2] - az);
        IF (sc <= tiny AND sd >= -tiny) OR (sc >= -tiny AND sd <= tiny) THEN
          met := vo.arcs_meet(s, a, b, t, c, d, sc, sd);
          IF met = 1 OR met = 2 AND NOT crossing THEN
            RETURN true;
          END IF;
        END IF;
        c := d; sc := sd; d := d + 3;
      END LOOP;
    END IF;
    a := b;
    b := b + 3;
  END LOOP;
  RETURN false;
END $$;

-- Whether a unit vector is in the polygon of the part s[k] or on its outline, to 1e-12 radians.
CREATE OR REPLACE FUNCTION vo.polygon_covers(s float8[], k int, x float8, y float8, z float8) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT vo.polygon_has(s, k + 5, s[k]::int, x, y, z) OR vo.outline_distance(s, k + 5, s[k]::int, x, y, z) < 1e-12
$$;

-- Whether the polygon of the part s[k] covers the arc from t[c] to t[d], which crosses none of its edges and ends in
-- it: the arc may leave it between two vertices that it touches, so the middle between any two is asked.
CREATE OR REPLACE FUNCTION vo.polygon_covers_arc(s float8[], k int, t float8[], c int, d int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  v int;
  cuts float8[] := ARRAY[0, 1];
  cut float8; before float8; x float8; y float8; z float8; size float8;
  cx float8 := t[c]; cy float8 := t[c + 1]; cz float8 := t[c + 2];
  ex float8 := t[d] - cx; ey float8 := t[d + 1] - cy; ez float8 := t[d + 2] - cz;
  nx float8 := cy * ez - cz * ey; ny float8 := cz * ex - cx * ez; nz float8 := cx * ey - cy * ex;
  fx float8; fy float8; fz float8; gx float8; gy float8; gz float8;
  ahead float8; behind float8;
BEGIN
  FOR i IN 0 .. n - 1 LOOP
    v := k + 5 + 3 * i;
    IF vo.arc_distance(s[v], s[v + 1], s[v + 2], cx, cy, cz, t[d], t[d + 1], t[d + 2]) < 1e-12 THEN
      -- Where the vertex is seen on the chord from the centre of the sphere: 0 at c, 1 at d.
      fx := s[v] - cx; fy := s[v + 1] - cy; fz := s[v + 2] - cz;
      gx := fx - ex; gy := fy - ey; gz := fz - ez;
      behind := (cy * fz - cz * fy) * nx + (cz * fx - cx * fz) * ny + (cx * fy - cy * fx) * nz;
      ahead := (gy * t[d + 2] - gz * t[d + 1]) * nx + (gz * t[d] - gx * t[d + 2]) * ny
        + (gx * t[d + 1] - gy * t[d]) * nz;
      IF behind > 0 AND ahead > 0 THEN
        cuts := cuts || behind / (behind + ahead);
      END IF;
    END IF;
  END LOOP;
  FOR cut IN SELECT u FROM unnest(cuts) AS u ORDER BY u LOOP
    IF cut > before THEN
      x := cx + (before + cut) / 2 * ex;
      y := cy + (before + cut) / 2 * ey;
      z := cz + (before + cut) / 2 * ez;
      size := sqrt(x * x + y * y + z * z);
      IF NOT vo.polygon_covers(s, k, x / size, y / size, z / size) THEN
        RETURN false;
      END IF;
    END IF;
    before := cut;
  END LOOP;
  RETURN true;
END $$;

-- Whether the part of s at k meets the part of t at l.
CREATE OR REPLACE FUNCTION vo.parts_meet(s float8[], k int, t float8[], l int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  m int := t[l]::int;
BEGIN
  IF vo.angle(s[k + 1], s[k + 2], s[k + 3], t[l + 1], t[l + 2], t[l + 3]) > s[k + 4] + t[l + 4] + 1e-12 THEN
    RETURN false;
  ELSIF n = 0 AND m = 0 THEN
    RETURN true;
  ELSIF n = 0 THEN
    RETURN vo.polygon_has(t, l + 5, m, s[k + 1], s[k + 2], s[k + 3])
      OR vo.outline_distance(t, l + 5, m, s[k + 1], s[k + 2], s[k + 3]) <= s[k + 4] + 1e-12;
  ELSIF m = 0 THEN
    RETURN vo.parts_meet(t, l, s, k);
  END IF;
  RETURN vo.polygon_has(s, k + 5, n, t[l + 5], t[l + 6], t[l + 7])
    OR vo.polygon_has(t, l + 5, m, s[k + 5], s[k + 6], s[k + 7])
    OR vo.outlines_meet(s, k, t, l, false);
END $$;

-- Whether the part of s at k holds all of the part of t at l.
CREATE OR REPLACE FUNCTION vo.part_holds(s float8[], k int, t float8[], l int) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  m int := t[l]::int;
  v int; w int;
  apart float8 := vo.angle(s[k + 1], s[k + 2], s[k + 3], t[l + 1], t[l + 2], t[l + 3]);
BEGIN
  IF n = 0 AND m = 0 THEN
    RETURN s[k + 4] >= pi() OR apart + t[l + 4] <= s[k + 4] + 1e-12;
  ELSIF n = 0 THEN
    -- The polygon must stay out of the cap that the circle leaves.
    RETURN s[k + 4] >= pi() OR NOT vo.polygon_has(t, l + 5, m, -s[k + 1], -s[k + 2], -s[k + 3])
      AND vo.outline_distance(t, l + 5, m, -s[k + 1], -s[k + 2], -s[k + 3]) >= pi() - s[k + 4] - 1e-12;
  ELSIF apart > s[k + 4] + t[l + 4] + 1e-12 THEN
    RETURN false;
  ELSIF m = 0 THEN
    RETURN CASE WHEN vo.polygon_has(s, k + 5, n, t[l + 1], t[l + 2], t[l + 3]) THEN 1 ELSE -1 END
      * vo.outline_distance(s, k + 5, n, t[l + 1], t[l + 2], t[l + 3]) >= t[l + 4] - 1e-12;
  END IF;
  FOR i IN 0 .. m - 1 LOOP
    v := l + 5 + 3 * i;
    IF NOT vo.polygon_covers(s, k, t[v], t[v + 1], t[v + 2]) THEN
      RETURN false;
    END IF;
  END LOOP;
  IF vo.outlines_meet(s, k, t, l, true) THEN
    RETURN false;
  END IF;
  FOR i IN 0 .. m - 1 LOOP
    v := l + 5 + 3 * i;
    w := l + 5 + 3 * ((i + 1) % m);
    IF NOT vo.polygon_covers_arc(s, k, t, v, w) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
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
    WHEN a[6] > 0 AND b[6] > 0 AND vo.centers_apart(a, b) < greatest(a[6], b[6]) THEN true
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
