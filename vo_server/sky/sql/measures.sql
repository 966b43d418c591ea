-- What a shape is: its bounding box, area, centroid and text.

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
DROP FUNCTION IF EXISTS vo.region_text(float8[]);
CREATE OR REPLACE FUNCTION vo.region_text(shape float8[], system text DEFAULT 'ICRS') RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  parts text[] := '{}';
  frame text := CASE WHEN shape[1] > 1 THEN '' ELSE ' ' || system END;
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
              ELSE 'UNION ' || system || ' ( ' || array_to_string(parts, ' ') || ' )' END;
END $$;
