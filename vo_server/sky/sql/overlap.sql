-- How far a point is from a shape, and how much two shapes have in common.

-- Degrees from a position to the nearest point of a shape; 0 inside.
CREATE OR REPLACE FUNCTION vo.distance_to(shape float8[], ra float8, "dec" float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x float8 := cos(radians("dec")) * cos(radians(ra));
  y float8 := cos(radians("dec")) * sin(radians(ra));
  z float8 := sin(radians("dec"));
  nearest float8 := pi();
  k int := 7; n int;
BEGIN
  IF vo.contains_vector(shape, x, y, z) THEN
    RETURN 0;
  END IF;
  FOR i IN 1 .. shape[1]::int LOOP
    n := shape[k]::int;
    nearest := least(nearest, CASE WHEN n = 0
      THEN greatest(0, vo.angle(shape[k + 1], shape[k + 2], shape[k + 3], x, y, z) - shape[k + 4])
      ELSE vo.outline_distance(shape, k + 5, n, x, y, z) END);
    k := k + 5 + 3 * n;
  END LOOP;
  RETURN degrees(nearest);
END $$;

-- The vertices v on the left of the great circle from a to b, with new ones where their outline crosses it
-- (Sutherland and Hodgman 1974).  Differences of neighbours are exact, so small outlines lose nothing.
CREATE OR REPLACE FUNCTION vo.clipped(
  v float8[], ax float8, ay float8, az float8, bx float8, by float8, bz float8) RETURNS float8[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  nx float8 := ay * (bz - az) - az * (by - ay);
  ny float8 := az * (bx - ax) - ax * (bz - az);
  nz float8 := ax * (by - ay) - ay * (bx - ax);
  n int := cardinality(v) / 3;
  p int := cardinality(v) - 2;
  q int := 1;
  side float8; side0 float8; f float8; x float8; y float8; z float8; size float8;
  kept float8[] := '{}';
BEGIN
  IF n = 0 THEN
    RETURN v;
  END IF;
  side0 := nx * (v[p] - ax) + ny * (v[p + 1] - ay) + nz * (v[p + 2] - az);
  FOR i IN 1 .. n LOOP
    side := nx * (v[q] - ax) + ny * (v[q + 1] - ay) + nz * (v[q + 2] - az);
    IF (side >= 0) <> (side0 >= 0) THEN
      f := side0 / (side0 - side);
      x := v[p] + f * (v[q] - v[p]); y := v[p + 1] + f * (v[q + 1] - v[p + 1]); z := v[p + 2] + f * (v[q + 2] - v[p + 2]);
      size := sqrt(x * x + y * y + z * z);
      kept := kept || ARRAY[x / size, y / size, z / size];
    END IF;
    IF side >= 0 THEN
      kept := kept || v[q : q + 2];
    END IF;
    p := q; side0 := side;
    q := q + 3;
  END LOOP;
  RETURN kept;
END $$;

-- Steradians within an outline, positive where it turns to the left, by triangles around a point (Eriksson 1990).
CREATE OR REPLACE FUNCTION vo.signed_area(v float8[], x float8, y float8, z float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a int := cardinality(v) - 2;
  b int := 1;
  ux float8; uy float8; uz float8; wx float8; wy float8; wz float8;
  total float8 := 0;
BEGIN
  FOR i IN 1 .. cardinality(v) / 3 LOOP
    ux := v[a] - x; uy := v[a + 1] - y; uz := v[a + 2] - z;
    wx := v[b] - x; wy := v[b + 1] - y; wz := v[b + 2] - z;
    total := total + 2 * atan2(
      x * (uy * wz - uz * wy) + y * (uz * wx - ux * wz) + z * (ux * wy - uy * wx),
      1 + x * (v[a] + v[b]) + y * (v[a + 1] + v[b + 1]) + z * (v[a + 2] + v[b + 2])
        + v[a] * v[b] + v[a + 1] * v[b + 1] + v[a + 2] * v[b + 2]);
    a := b;
    b := b + 3;
  END LOOP;
  RETURN total;
END $$;

-- Steradians that the polygons of the parts s[k] and t[l] have in common.  The second is cut into triangles around its
-- centre, which count with their sign; each cuts its piece out of the first.
CREATE OR REPLACE FUNCTION vo.polygons_overlap(s float8[], k int, t float8[], l int) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x float8 := t[l + 1]; y float8 := t[l + 2]; z float8 := t[l + 3];
  m int := t[l]::int;
  outline float8[] := s[k + 5 : k + 4 + 3 * s[k]::int];
  v float8[];
  a int := l + 2 + 3 * m; b int := l + 5; p int; q int;
  turn float8;
  total float8 := 0;
BEGIN
  FOR j IN 1 .. m LOOP
    turn := x * ((t[a + 1] - y) * (t[b + 2] - z) - (t[a + 2] - z) * (t[b + 1] - y))
      + y * ((t[a + 2] - z) * (t[b] - x) - (t[a] - x) * (t[b + 2] - z))
      + z * ((t[a] - x) * (t[b + 1] - y) - (t[a + 1] - y) * (t[b] - x));
    IF turn <> 0 THEN
      p := CASE WHEN turn > 0 THEN a ELSE b END;
      q := CASE WHEN turn > 0 THEN b ELSE a END;
      v := vo.clipped(outline, x, y, z, t[p], t[p + 1], t[p + 2]);
      v := vo.clipped(v, t[p], t[p + 1], t[p + 2], t[q], t[q + 1], t[q + 2]);
      v := vo.clipped(v, t[q], t[q + 1], t[q + 2], x, y, z);
      IF cardinality(v) >= 9 THEN
        total := total + sign(turn) * vo.signed_area(v, x, y, z);
      END IF;
    END IF;
    a := b;
    b := b + 3;
  END LOOP;
  RETURN abs(total);
END $$;

-- How far the bearing from o turns between two unit vectors, radians.
CREATE OR REPLACE FUNCTION vo.turn(
  ox float8, oy float8, oz float8, px float8, py float8, pz float8, qx float8, qy float8, qz float8)
RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT atan2(
    ox * ((py - oy) * (qz - oz) - (pz - oz) * (qy - oy)) + oy * ((pz - oz) * (qx - ox) - (px - ox) * (qz - oz))
      + oz * ((px - ox) * (qy - oy) - (py - oy) * (qx - ox)),
    (px - ox) * (qx - ox) + (py - oy) * (qy - oy) + (pz - oz) * (qz - oz)
      - (ox * (px - ox) + oy * (py - oy) + oz * (pz - oz)) * (ox * (qx - ox) + oy * (qy - oy) + oz * (qz - oz)))
$$;

-- Steradians of the circle of r radians around o between the bearings of the ends of an arc from a to b, as far as
-- the arc goes: triangles where it is within the circle, sectors where it is not.  Positive where the arc turns left.
CREATE OR REPLACE FUNCTION vo.circle_below_arc(
  ox float8, oy float8, oz float8, r float8, ax float8, ay float8, az float8, bx float8, by float8, bz float8)
RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  nx float8 := ay * (bz - az) - az * (by - ay);
  ny float8 := az * (bx - ax) - ax * (bz - az);
  nz float8 := ax * (by - ay) - ay * (bx - ax);
  size float8 := sqrt(nx * nx + ny * ny + nz * nz);
  length float8 := vo.angle(ax, ay, az, bx, by, bz);
  ux float8; uy float8; uz float8;  -- direction of the arc at its beginning
  h float8;  -- distance of its great circle from o
  foot float8;  -- where on it that is, radians from a
  reach float8;  -- how far from there it is within the circle
  low float8; high float8;
  px float8; py float8; pz float8; qx float8; qy float8; qz float8;
  outside float8 := vo.turn(ox, oy, oz, ax, ay, az, bx, by, bz);
  total float8 := 0;
BEGIN
  IF size = 0 THEN
    RETURN 0;
  END IF;
  nx := nx / size; ny := ny / size; nz := nz / size;
  ux := ny * az - nz * ay; uy := nz * ax - nx * az; uz := nx * ay - ny * ax;
  h := asin(least(1, abs(nx * (ox - ax) + ny * (oy - ay) + nz * (oz - az))));
  foot := atan2(ux * (ox - ax) + uy * (oy - ay) + uz * (oz - az), ox * ax + oy * ay + oz * az);
  IF r > h THEN
    reach := CASE WHEN r + h >= pi() THEN pi()
      ELSE 2 * asin(sqrt(least(1, sin((r + h) / 2) * sin((r - h) / 2) / cos(h)))) END;
    FOR turns IN -1 .. 1 LOOP
      low := greatest(0, foot - reach + 2 * pi() * turns);
      high := least(length, foot + reach + 2 * pi() * turns);
      IF high > low THEN
        px := cos(low) * ax + sin(low) * ux; qx := cos(high) * ax + sin(high) * ux;
        py := cos(low) * ay + sin(low) * uy; qy := cos(high) * ay + sin(high) * uy;
        pz := cos(low) * az + sin(low) * uz; qz := cos(high) * az + sin(high) * uz;
        outside := outside - vo.turn(ox, oy, oz, px, py, pz, qx, qy, qz);
        total := total + vo.signed_area(ARRAY[ox, oy, oz, px, py, pz, qx, qy, qz], ox, oy, oz);
      END IF;
    END LOOP;
  END IF;
  RETURN total + 2 * power(sin(r / 2), 2) * outside;
END $$;

-- Steradians that the polygon of the part s[k] and a circle have in common; o is in the hemisphere of the polygon.
CREATE OR REPLACE FUNCTION vo.polygon_circle_overlap(s float8[], k int, ox float8, oy float8, oz float8, r float8)
RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  n int := s[k]::int;
  a int := k + 2 + 3 * n; b int := k + 5;
  total float8 := 0;
BEGIN
  FOR i IN 1 .. n LOOP
    total := total + vo.circle_below_arc(ox, oy, oz, r, s[a], s[a + 1], s[a + 2], s[b], s[b + 1], s[b + 2]);
    a := b;
    b := b + 3;
  END LOOP;
  RETURN abs(total);
END $$;

-- Steradians in both of two circles up to 90 degrees that cross, d apart: two sectors without the two triangles
-- between the centres and the crossings (Todhunter, Spherical Trigonometry, art. 45 and 101).
CREATE OR REPLACE FUNCTION vo.lens(a float8, b float8, d float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  s CONSTANT float8 := (a + b + d) / 2;
  sa CONSTANT float8 := greatest(0, s - a);
  sb CONSTANT float8 := greatest(0, s - b);
  sd CONSTANT float8 := greatest(0, s - d);
BEGIN
  RETURN 8 * power(sin(a / 2), 2) * atan2(sqrt(sin(sa) * sin(sd)), sqrt(sin(s) * sin(sb)))
    + 8 * power(sin(b / 2), 2) * atan2(sqrt(sin(sb) * sin(sd)), sqrt(sin(s) * sin(sa)))
    - 8 * atan(sqrt(tan(s / 2) * tan(sa / 2) * tan(sb / 2) * tan(sd / 2)));
END $$;

-- Steradians that the part s[k] and the part t[l] have in common.
CREATE OR REPLACE FUNCTION vo.parts_overlap(s float8[], k int, t float8[], l int) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  x float8 := t[l + 1]; y float8 := t[l + 2]; z float8 := t[l + 3];
  r float8 := t[l + 4];
BEGIN
  IF NOT vo.parts_meet(s, k, t, l) THEN
    RETURN 0;
  ELSIF vo.part_holds(s, k, t, l) THEN
    RETURN (vo.part_moment(t, l))[1];
  ELSIF vo.part_holds(t, l, s, k) THEN
    RETURN (vo.part_moment(s, k))[1];
  ELSIF t[l] > 0 THEN
    RETURN CASE WHEN s[k] > 0 THEN vo.polygons_overlap(s, k, t, l) ELSE vo.parts_overlap(t, l, s, k) END;
  -- A far or a large circle takes all but what is in the cap that it leaves.
  ELSIF s[k] > 0 THEN
    IF x * s[k + 1] + y * s[k + 2] + z * s[k + 3] < 0 THEN
      RETURN (vo.part_moment(s, k))[1] - vo.polygon_circle_overlap(s, k, -x, -y, -z, pi() - r);
    END IF;
    RETURN vo.polygon_circle_overlap(s, k, x, y, z, r);
  ELSIF r > pi() / 2 THEN
    RETURN (vo.part_moment(s, k))[1] - vo.parts_overlap(s, k, ARRAY[0, -x, -y, -z, pi() - r], 1);
  ELSIF s[k + 4] > pi() / 2 THEN
    RETURN vo.parts_overlap(t, l, s, k);
  END IF;
  RETURN vo.lens(s[k + 4], r, vo.angle(s[k + 1], s[k + 2], s[k + 3], x, y, z));
END $$;

-- Square degrees that two shapes have in common; the parts of each added up, as in vo.area.
CREATE OR REPLACE FUNCTION vo.overlap(s float8[], t float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  total float8 := 0;
  k int := 7; l int;
BEGIN
  FOR i IN 1 .. s[1]::int LOOP
    l := 7;
    FOR j IN 1 .. t[1]::int LOOP
      total := total + vo.parts_overlap(s, k, t, l);
      l := l + 5 + 3 * t[l]::int;
    END LOOP;
    k := k + 5 + 3 * s[k]::int;
  END LOOP;
  RETURN total * power(180 / pi(), 2);
END $$;
