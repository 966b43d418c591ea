-- Whether a point is in a shape.

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
