-- Whether two shapes meet, or one holds the other.

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
